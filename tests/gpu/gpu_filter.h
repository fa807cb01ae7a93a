/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters on the double of CUDA, and what they must keep whatever happens to it. */
#ifndef OAC_TEST_GPU_FILTER_H
#define OAC_TEST_GPU_FILTER_H

#include "compare.h"
#include "filter.h"

namespace oac_test
{

/* The lines of a filter's log. */
struct Log {
    std::vector<std::string> errors, infos;
    static void write(void *log, oaconv_log_level level, const char *line);
};

/* One filter, its taps and its signal. */
struct GpuCase {
    Type type;
    std::vector<size_t> lengths; /* of the rows of taps */
    size_t n_channels;
    size_t batch; /* decides N and how many segments travel together */
    size_t n;     /* samples of the signal, filtered in ragged pieces */
    std::string label() const;
};

/* Every type, without decimation, by few samples and by more than most rows have taps; and of these
 * as many as slow tests have time for. */
const std::vector<Type> &gpu_types();
const std::vector<Type> &few_gpu_types();

/* Types, channels, taps and units of every kind; `thorough`: all of them. */
std::vector<GpuCase> gpu_cases(bool thorough);

/* What came of it. */
struct Outcome {
    bool refused = false; /* by oaconv_create(), with `message` */
    std::string message;
    oaconv_info info{}; /* before the filter was destroyed; strings in the two below */
    std::string backend, reason;
    Log log;
};

/* Changes of taps on the way: the rows in force from a sample on. */
struct TapChange {
    size_t at;
    std::vector<size_t> lengths;
};

/* Filters n samples from number t on, any n: whole hops, and what is left. */
void play_piece(Filter &filter, const Rows &x, size_t t, size_t n, Rows &y, Random &random);

/* Makes a filter, plays the whole signal and its tail through it, and compares with the oracle,
 * unless the filter is refused. Everything is drawn from the seed. */
Outcome play_case(const GpuCase &c,
                  const char *backend,
                  unsigned seed,
                  const std::vector<TapChange> &changes = {});

} // namespace oac_test

#endif
