/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random taps and signals. */
#ifndef OAC_BENCH_SIGNALS_H
#define OAC_BENCH_SIGNALS_H

#include "settings.h"

#include <vector>

namespace oac_bench
{

using tap_rows = std::vector<std::vector<float>>;

/* A distinct random row for every channel, n_taps samples long, its gain below 1 for random
 * signals. */
tap_rows random_taps(const setting &chosen);

/* Input and output of every channel, the same memory for all implementations. Channels begin at a
 * multiple of 64 bytes and at different places in a page, and so do input and output: buffers as
 * alike as GNU Radio's would collide in the cache, more for one implementation than for another. */
class signals
{
public:
    /* Random input of n_samples per channel. */
    signals(const setting &chosen, std::size_t n_samples);
    signals(const signals &) = delete;
    signals &operator=(const signals &) = delete;

    std::size_t n_channels() const { return d_in.size(); }
    std::size_t width() const { return d_width; } /* floats in a sample */

    const float *in(std::size_t m) const { return static_cast<const float *>(d_in[m]); }
    float *out(std::size_t m) const { return static_cast<float *>(d_out[m]); }
    const void *const *inputs() const { return d_in.data(); }
    void *const *outputs() const { return d_out.data(); }

    /* Makes NaN of the first n samples of every output. */
    void spoil_outputs(std::size_t n) const;

private:
    std::size_t d_width;
    std::vector<float> d_memory;
    std::vector<const void *> d_in;
    std::vector<void *> d_out;
};

} // namespace oac_bench

#endif
