/* SPDX-License-Identifier: GPL-3.0-or-later
 * Assertions on signals: lengths first, then values. */
#ifndef OAC_TEST_COMPARE_H
#define OAC_TEST_COMPARE_H

#include "oracle.h"

namespace oac_test
{

/* |error| <= error_bound * eps * log2(N) * |h|_1 * max|x|, eps = 2^-23.
 *
 * The two transforms and the product of a segment have a relative error of order eps log2(N) in
 * the 2-norm; |H| <= |h|_1 and spreading evenly over the segment make that eps log2(N) |h|_1 max|x|
 * per sample, with a factor below 1. Measured: see largest_error(). */
constexpr double error_bound = 1.0;

/* The responses are equal to rounding. */
void expect_close(const std::string &label,
                  oaconv_type type,
                  const Response &expected,
                  const Rows &actual,
                  double bound = error_bound);

/* No float differs by more than `bound`. */
void expect_near(const std::string &label, const Rows &expected, const Rows &actual, double bound);

/* Every bit is the same. */
void expect_same_bits(const std::string &label, const Rows &expected, const Rows &actual);

/* The largest error that expect_close() has met, in units of its bound with a factor of 1. */
double largest_error();

} // namespace oac_test

#endif
