/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole hops for graphs whose buffers or limits are shorter than a hop. */
#include "hop_buffer.h"

#include <cassert>
#include <cstring>

namespace gr
{
namespace oaconv
{

hop_buffer::hop_buffer(std::size_t n_channels, std::size_t sample_size, std::size_t capacity)
    : d_n_channels(n_channels), d_sample_size(sample_size), d_capacity(capacity),
      d_gathered(n_channels * sample_size * capacity), d_results(d_gathered.size()),
      d_gathered_rows(n_channels), d_result_rows(n_channels)
{
    for (std::size_t m = 0; m < n_channels; m++) {
        d_gathered_rows[m] = d_gathered.data() + m * capacity * sample_size;
        d_result_rows[m] = d_results.data() + m * capacity * sample_size;
    }
}

void hop_buffer::gather(const void *const *in, std::size_t n)
{
    assert(d_n_gathered + n <= d_capacity);
    for (std::size_t m = 0; m < d_n_channels; m++)
        std::memcpy(d_gathered.data() + (m * d_capacity + d_n_gathered) * d_sample_size,
                    in[m],
                    n * d_sample_size);
    d_n_gathered += n;
}

void hop_buffer::filtered(std::size_t n, std::size_t n_results)
{
    assert(d_n_ready == 0 && n <= d_n_gathered && n_results <= n);
    d_n_gathered -= n;
    for (std::size_t m = 0; m < d_n_channels; m++) {
        char *row = d_gathered.data() + m * d_capacity * d_sample_size;
        std::memmove(row, row + n * d_sample_size, d_n_gathered * d_sample_size);
    }
    d_ready_begin = 0;
    d_n_ready = n_results;
}

void hop_buffer::take(void *const *out, std::size_t n)
{
    assert(n <= d_n_ready);
    for (std::size_t m = 0; m < d_n_channels; m++)
        std::memcpy(out[m],
                    d_results.data() + (m * d_capacity + d_ready_begin) * d_sample_size,
                    n * d_sample_size);
    d_ready_begin += n;
    d_n_ready -= n;
}

} // namespace oaconv
} // namespace gr
