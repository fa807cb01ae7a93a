/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random complex samples at no cost. */
#ifndef OAC_BENCH_RANDOM_SOURCE_H
#define OAC_BENCH_RANDOM_SOURCE_H

#include <gnuradio/sync_block.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace oac_bench
{

/* Fills its output buffer with random samples once, then, as null_source does, hands out whatever
 * lies there: the same samples again and again, a period as long as the buffer. No sample is zero
 * or denormal; the sources of different channels give different ones. */
class random_source : public gr::sync_block
{
public:
    typedef std::shared_ptr<random_source> sptr;

    static sptr make(int channel);

    explicit random_source(int channel);

    int work(int n_output_items, gr_vector_const_void_star &in, gr_vector_void_star &out) override;

    /* Samples until the buffer repeats; 0 before the first call of work. */
    uint64_t period() const { return d_period; }

    /* Sample t of the stream, after a run. */
    gr_complex sample(uint64_t t) const;

private:
    const std::vector<gr_complex> &d_pool; /* shared by all sources */
    const std::size_t d_offset;            /* where in the pool this source begins */
    uint64_t d_period = 0;
};

} // namespace oac_bench

#endif
