/* SPDX-License-Identifier: GPL-3.0-or-later
 * One measurement of one running graph. */
#ifndef OAC_BENCH_MEASURE_H
#define OAC_BENCH_MEASURE_H

#include "graph.h"
#include "json.h"

namespace oac_bench
{

/* Seconds for one measurement. */
struct durations {
    double settle, measure;
};

/* Samples per second into the bank of a running graph, all channels together, between two points of
 * time in steady state, and the processor time the process used per second. */
json_object
throughput(const variant &settings, const rows &taps, const neighbours &around, durations time);

/* Samples waiting inside the bank while throttles before it set the pace, and processor time. */
json_object live_wait(const variant &settings, const rows &taps, durations time);

/* Samples between source and the output of throttles that set the pace after the bank. */
json_object backlog(const variant &settings, const rows &taps, durations time);

} // namespace oac_bench

#endif
