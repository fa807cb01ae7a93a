/* SPDX-License-Identifier: GPL-3.0-or-later
 * Assertions on signals: lengths first, then values. */
#ifndef OAC_TEST_COMPARE_H
#define OAC_TEST_COMPARE_H

#include "oracle.h"

namespace oac_test
{

/* |error| <= error_bound * eps * log2(N) * |h|_1 * max|x|, eps = 2^-23, or 2^-52 in double; log2(N)
 * = 1 without FFT.
 *
 * Two transforms and a product have a relative error of order eps log2(N) in the 2-norm. |H| <=
 * |h|_1, and the error spreads evenly over the segment: that makes eps log2(N) |h|_1 max|x| per
 * sample, with a factor below 1. The largest that the tests meet is 0.54, where P = 1; rounding
 * alone is 0.5 where there is no FFT. FFTW's choice of plan moves it from run to run. */
constexpr double error_bound = 1.0;

/* The responses are equal to rounding. */
void expect_close(const std::string &label,
                  Type type,
                  const Response &expected,
                  const Rows &actual);

/* No number differs by more than `bound`. */
void expect_near(const std::string &label, const Rows &expected, const Rows &actual, double bound);

/* Every bit is the same. */
void expect_same_bits(const std::string &label, const Rows &expected, const Rows &actual);

/* The same samples, filtered again or cut otherwise: every bit is the same on the CPU; a GPU gives
 * them to rounding. */
void expect_repeated(const std::string &backend,
                     const std::string &label,
                     const Rows &expected,
                     const Rows &actual);

/* The largest error that expect_close() has met, in units of its bound with a factor of 1. */
double largest_error();

} // namespace oac_test

#endif
