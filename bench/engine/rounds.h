/* SPDX-License-Identifier: GPL-3.0-or-later
 * Timing of implementations in turn. */
#ifndef OAC_BENCH_ROUNDS_H
#define OAC_BENCH_ROUNDS_H

#include "implementation.h"

namespace oac_bench
{

/* One implementation in one setting. */
struct job {
    setting chosen;
    factory who;
    std::size_t size; /* one of those the factory lists */
};

/* How long to measure. */
struct budget {
    int n_rounds;
    double seconds; /* of one timing, at least */
};

/* The size with which the factory is fastest in this setting; 0 when it cannot take part. */
std::size_t fastest_size(const setting &chosen, const factory &who);

/* Makes all implementations, verifies what each of them computes, then times them one after the
 * other, round by round, on the objects and buffers that were verified; every other round runs
 * backwards. Returns a result for each job: its speeds, or why it was skipped. Throws
 * std::runtime_error when an output is wrong. All settings have the same type and number of
 * channels. */
std::vector<json_object> run_rounds(const std::vector<job> &jobs, const budget &spent);

} // namespace oac_bench

#endif
