/* SPDX-License-Identifier: GPL-3.0-or-later
 * Assertions on signals: lengths first, then values. */
#include "compare.h"

#include <algorithm>
#include <cmath>
#include <cppunit/TestAssert.h>
#include <cstring>

namespace oac_test
{

static double largest;

double largest_error()
{
    return largest;
}

/* Distance of the samples t of two rows. */
static double distance(const std::vector<long double> &a, const Row &b, size_t t, size_t width)
{
    const auto off = [&a, &b](size_t i) { return static_cast<double>(a[i] - b[i]); };
    return width == 1 ? std::fabs(off(t)) : std::hypot(off(2 * t), off(2 * t + 1));
}

void expect_close(const std::string &label, Type type, const Response &expected, const Rows &actual)
{
    const size_t width = sample_width(type);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label + ": channels", expected.y.size(), actual.size());
    for (size_t m = 0; m < actual.size(); m++)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            say(label, ": length of channel ", m), expected.length * width, actual[m].size());
    for (size_t m = 0; m < actual.size(); m++)
        for (size_t t = 0; t < expected.length; t++) {
            const double error = distance(expected.y[m], actual[m], t, width);
            const double unit = type.epsilon() * expected.scale[m][t];
            if (!(error <= error_bound * unit))
                CPPUNIT_FAIL(say(label,
                                 ": channel ",
                                 m,
                                 ", sample ",
                                 t,
                                 " of ",
                                 expected.length,
                                 " is off by ",
                                 error,
                                 ", ",
                                 error / unit,
                                 " times eps log2(N) |h|_1 max|x|"));
            if (error > 0)
                largest = std::fmax(largest, error / unit);
        }
}

/* The same number of channels, and of numbers in each. */
static void expect_same_shape(const std::string &label, const Rows &expected, const Rows &actual)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label + ": channels", expected.size(), actual.size());
    for (size_t m = 0; m < actual.size(); m++)
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            say(label, ": numbers of channel ", m), expected[m].size(), actual[m].size());
}

template <typename Same>
static void
expect_all(const std::string &label, const Rows &expected, const Rows &actual, const Same &same)
{
    expect_same_shape(label, expected, actual);
    for (size_t m = 0; m < actual.size(); m++)
        for (size_t i = 0; i < actual[m].size(); i++)
            if (!same(expected[m][i], actual[m][i]))
                CPPUNIT_FAIL(say(label,
                                 ": channel ",
                                 m,
                                 ", number ",
                                 i,
                                 " of ",
                                 actual[m].size(),
                                 " is ",
                                 actual[m][i],
                                 ", not ",
                                 expected[m][i]));
}

void expect_near(const std::string &label, const Rows &expected, const Rows &actual, double bound)
{
    expect_all(
        label, expected, actual, [bound](double a, double b) { return std::fabs(a - b) <= bound; });
}

void expect_same_bits(const std::string &label, const Rows &expected, const Rows &actual)
{
    expect_all(
        label, expected, actual, [](double a, double b) { return !std::memcmp(&a, &b, sizeof a); });
}

void expect_repeated(const std::string &backend,
                     const std::string &label,
                     const Rows &expected,
                     const Rows &actual)
{
    if (backend != "cuda") {
        expect_same_bits(label, expected, actual);
        return;
    }
    double peak = 0;
    for (const Row &row : expected)
        for (double y : row)
            peak = std::max(peak, std::fabs(y));
    expect_near(label, expected, actual, 1e-5 * peak);
}

} // namespace oac_test
