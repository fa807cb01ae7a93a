/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random complex samples at no cost. */
#include "random_source.h"

#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/io_signature.h>

#include <algorithm>
#include <random>

namespace oac_bench
{

namespace
{

constexpr std::size_t pool_size = 1 << 18;
constexpr std::size_t channel_stride = 7919; /* samples of the pool from one channel to the next */

/* Uniform in +-1, never closer to zero than 2^-24. */
std::vector<gr_complex> make_pool()
{
    std::mt19937 generator(1);
    const auto uniform = [&] {
        const int step = int(generator() >> 8); /* 0 .. 2^24 - 1 */
        return float((step + 0.5) / (1 << 23) - 1.0);
    };
    std::vector<gr_complex> pool(pool_size);
    for (gr_complex &sample : pool)
        sample = gr_complex(uniform(), uniform());
    return pool;
}

const std::vector<gr_complex> &shared_pool()
{
    static const std::vector<gr_complex> pool = make_pool();
    return pool;
}

} // namespace

random_source::sptr random_source::make(int channel)
{
    return gnuradio::make_block_sptr<random_source>(channel);
}

random_source::random_source(int channel)
    : gr::sync_block("random_source",
                     gr::io_signature::make(0, 0, 0),
                     gr::io_signature::make(1, 1, sizeof(gr_complex))),
      d_pool(shared_pool()), d_offset(std::size_t(channel) * channel_stride)
{
}

int random_source::work(int n_output_items, gr_vector_const_void_star &, gr_vector_void_star &out)
{
    const uint64_t begin = nitems_written(0);
    if (d_period == 0)
        d_period = uint64_t(detail()->output(0)->bufsize());
    if (begin < d_period) {
        gr_complex *fresh = static_cast<gr_complex *>(out[0]);
        const uint64_t end = std::min(d_period, begin + uint64_t(n_output_items));
        for (uint64_t t = begin; t < end; t++)
            *fresh++ = sample(t);
    }
    return n_output_items;
}

gr_complex random_source::sample(uint64_t t) const
{
    return d_pool[(d_offset + t % d_period) % pool_size];
}

} // namespace oac_bench
