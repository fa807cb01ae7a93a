/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random signals and taps, and the kinds of filter that every test goes through. */
#ifndef OAC_TEST_SIGNALS_H
#define OAC_TEST_SIGNALS_H

#include <oaconv/oaconv.h>

#include <cstddef>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace oac_test
{

/* Samples or taps of one channel; complex ones are two floats, real part first. */
using Row = std::vector<float>;
using Rows = std::vector<Row>;

/* Floats per sample and per tap. */
inline size_t sample_width(oaconv_type type)
{
    return type == OAC_REAL ? 1 : 2;
}
inline size_t tap_width(oaconv_type type)
{
    return type == OAC_COMPLEX ? 2 : 1;
}

/* The taps of the longest row. */
size_t longest(oaconv_type type, const Rows &taps);

/* A stream of numbers that depends on the seed only, not on the C++ library. */
class Random
{
public:
    explicit Random(unsigned seed) : d_engine(seed) {}

    size_t below(size_t n) { return d_engine() % n; }
    size_t between(size_t least, size_t most) { return least + below(most - least + 1); }
    float sample() { return static_cast<float>(d_engine()) / 2147483648.0f - 1.0f; } /* -1 .. 1 */

    Row row(size_t n, size_t width);
    Rows signal(oaconv_type type, size_t n_channels, size_t n);
    Rows taps(oaconv_type type, const std::vector<size_t> &lengths);

private:
    std::mt19937 d_engine;
};

/* A usable backend with a type of signal. */
struct Kind {
    oaconv_type type;
    const char *backend;
    std::string label;
};

/* Every usable backend with every type, or the one that OAC_TEST_BACKEND names. */
std::vector<Kind> kinds();

/* The same without GPUs. */
std::vector<Kind> cpu_kinds();

/* One backend with every type; none where it is not usable. */
std::vector<Kind> kinds_of(const std::string &backend);

/* Hops much shorter than the taps. Backend "simd" cuts such taps into partitions: of one segment or
 * several, of whole vectors or not, from two to sixty of them, the last a single tap or more. */
struct ShortHop {
    size_t hop, n_taps;
};
const std::vector<ShortHop> &short_hops();

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
