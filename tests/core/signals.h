/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random signals and taps, and the kinds of filter that every test goes through. */
#ifndef OAC_TEST_SIGNALS_H
#define OAC_TEST_SIGNALS_H

#include <oaconv/oaconv.h>

#include <cfloat>
#include <cstddef>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace oac_test
{

/* Samples or taps of one channel, whatever the precision of the filter; complex ones are two
 * numbers, real part first. */
using Row = std::vector<double>;
using Rows = std::vector<Row>;

/* Signal and taps: real or complex; in single precision and not decimated where nothing else is
 * said. */
struct Type {
    constexpr Type(oaconv_type kind, oaconv_precision in = OAC_SINGLE, size_t D = 1)
        : type(kind), precision(in), decimation(D)
    {
    }
    constexpr operator oaconv_type() const { return type; }
    double epsilon() const { return precision == OAC_DOUBLE ? DBL_EPSILON : FLT_EPSILON; }

    oaconv_type type;
    oaconv_precision precision;
    size_t decimation;
};

/* Numbers per sample and per tap. */
inline size_t sample_width(oaconv_type type)
{
    return type == OAC_REAL ? 1 : 2;
}
inline size_t tap_width(oaconv_type type)
{
    return type == OAC_COMPLEX ? 2 : 1;
}

/* Of the first n samples, those that decimation keeps. */
inline size_t kept(const Type &type, size_t n)
{
    return n / type.decimation + (n % type.decimation ? 1 : 0);
}

/* The shortest hop of at least n samples. */
inline size_t whole_hop(const Type &type, size_t n)
{
    return kept(type, n) * type.decimation;
}

/* Of whole signals, the samples that decimation keeps. */
Rows keep(Type type, const Rows &rows);

/* The taps of the longest row. */
size_t longest(oaconv_type type, const Rows &taps);

/* A stream of numbers that depends on the seed only, not on the C++ library. */
class Random
{
public:
    explicit Random(unsigned seed) : d_engine(seed) {}

    size_t below(size_t n) { return d_engine() % n; }
    size_t between(size_t least, size_t most) { return least + below(most - least + 1); }
    double sample(oaconv_precision precision); /* -1 .. 1, with all the digits that there are */

    Row row(oaconv_precision precision, size_t n, size_t width);
    Rows signal(Type type, size_t n_channels, size_t n);
    Rows taps(Type type, const std::vector<size_t> &lengths);

private:
    std::mt19937 d_engine;
};

/* A usable backend with a type of signal. */
struct Kind {
    Type type;
    const char *backend;
    std::string label;
};

/* Every usable backend with every type in each precision that it knows. They decimate by the
 * numbers in OAC_TEST_DECIMATION, which are dealt out in turn; where it is not set, not at all. */
std::vector<Kind> all_kinds();

/* Of these the backends that OAC_TEST_BACKEND names and the precision, "single" or "double", that
 * OAC_TEST_PRECISION names; where they are not set, all. */
std::vector<Kind> kinds();

/* The same without GPUs. */
std::vector<Kind> cpu_kinds();

/* One backend with every type; none where it is not usable. */
std::vector<Kind> kinds_of(const std::string &backend);

/* Hops much shorter than the taps. Backend "simd" cuts such taps into partitions: of one segment or
 * several, of whole vectors or not, from two to sixty of them, the last a single tap or more. With
 * decimation, hops and taps are as many times as long, unless that makes the hops too long. */
struct ShortHop {
    size_t hop, n_taps;
};
std::vector<ShortHop> short_hops(const Type &type);

const std::vector<oaconv_type> &all_types();

/* The arguments, written one after another. */
template <typename... T>
std::string say(const T &...parts)
{
    std::ostringstream text;
    (text << ... << parts);
    return text.str();
}

} // namespace oac_test

#endif
