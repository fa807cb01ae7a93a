/* SPDX-License-Identifier: GPL-3.0-or-later
 * That what is timed computes what it should. */
#ifndef OAC_BENCH_VERIFY_H
#define OAC_BENCH_VERIFY_H

#include "graph.h"
#include "json.h"

namespace oac_bench
{

/* Runs a variant over a finite random signal and compares lengths, then samples of every channel,
 * with a convolution in double precision: all of them, or evenly spread ones and the last where
 * all would take seconds. Throws std::runtime_error where they differ; else tells how much was
 * compared and the largest error as a fraction of the bound. */
json_object verify(const variant &settings, int n_channels, int n_taps);

} // namespace oac_bench

#endif
