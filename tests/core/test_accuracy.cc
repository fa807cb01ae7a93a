/* SPDX-License-Identifier: GPL-3.0-or-later
 * Over many samples the error is that of rounding: sharper than any bound for a single one. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cmath>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

/* |error|_2 <= bound * eps * log2(N) * |y|_2, eps = 2^-23 or 2^-52, log2(N) = 1 without FFT.
 *
 * White noise through white taps gives 0.13 to 0.22 with FFTW, with the kernels of "simd" and with
 * no FFT at all; a factor that is off by eps everywhere gives 0.4. Products of partitions and of
 * the branches of decimation are added up one after another, and so are segments that overlap: n
 * additions have an error of their own of up to 0.25 eps sqrt(n), met are 0.22. How many there are,
 * costs decide. */
double bound_of(const oaconv_info &info)
{
    constexpr double bound = 0.25;
    if (info.n_fft == 0)
        return bound;
    const size_t n_products = info.n_partitions * std::min(info.decimation, info.n_taps);
    const size_t overlap = info.segment * info.decimation * info.n_partitions;
    const size_t n_added = n_products - 1 + (info.n_taps - 1) / overlap;
    const double passes = std::log2(static_cast<double>(info.n_fft));
    return std::hypot(bound, 0.25 * std::sqrt(static_cast<double>(n_added)) / passes);
}

/* The error in units of eps log2(N) |y|_2. */
double relative_error(Type type, const Response &expected, const Rows &actual, size_t n_fft)
{
    double error = 0, size = 0;
    for (size_t m = 0; m < actual.size(); m++)
        for (size_t i = 0; i < actual[m].size(); i++) {
            error += std::pow(static_cast<double>(actual[m][i] - expected.y[m][i]), 2);
            size += std::pow(static_cast<double>(expected.y[m][i]), 2);
        }
    const double passes = n_fft ? std::log2(static_cast<double>(n_fft)) : 1;
    return std::sqrt(error / size) / (type.epsilon() * passes);
}

class accuracy : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(accuracy);
    CPPUNIT_TEST(error_is_that_of_rounding);
    CPPUNIT_TEST(error_is_that_of_rounding_in_partitions);
    CPPUNIT_TEST_SUITE_END();

    void check(const Kind &kind, size_t n_taps, size_t hop)
    {
        constexpr size_t n = 12000;
        Random random(81);
        const Rows taps = random.taps(kind.type, {n_taps}), x = random.signal(kind.type, 1, n);
        Filter filter({kind.type, kind.backend, 0, hop}, taps);
        const size_t n_fft = filter.info().n_fft;
        const Response expected = respond(kind.type, x, n, {{0, taps, n_fft}});
        const Rows y = play(filter, x, n, random);
        CPPUNIT_ASSERT_EQUAL(expected.y[0].size(), y[0].size());
        const double error = relative_error(kind.type, expected, y, n_fft);
        CPPUNIT_ASSERT_MESSAGE(say(kind.label, " P=", n_taps, " hop=", hop, ": ", error),
                               error <= bound_of(filter.info()));
    }

public:
    void error_is_that_of_rounding()
    {
        for (const Kind &kind : kinds())
            for (size_t n_taps : {5, 50, 300, 1000, 5000})
                check(kind, n_taps, 0);
    }

    void error_is_that_of_rounding_in_partitions()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const ShortHop &c : short_hops(kind.type))
                check(kind, c.n_taps, c.hop);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(accuracy);

} // namespace
