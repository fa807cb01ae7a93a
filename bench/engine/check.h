/* SPDX-License-Identifier: GPL-3.0-or-later
 * That what is timed computes what it should. */
#ifndef OAC_BENCH_CHECK_H
#define OAC_BENCH_CHECK_H

#include "signals.h"

namespace oac_bench
{

/* Compares the first n samples of every output with the taps applied to an input that has been
 * repeating itself every n samples for long: random samples of every channel, in double precision;
 * all of them for NaN and Inf. Throws std::runtime_error where they differ by more than
 * eps * log2(16 P) * ||h||_1 * max|x|; else returns the largest error as a fraction of that. */
double check_filtered(const signals &data, const tap_rows &taps, std::size_t n);

} // namespace oac_bench

#endif
