/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole hops for graphs whose buffers or limits are shorter than a hop. */
#include "hop_buffer.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace gr
{
namespace oaconv
{

hop_buffer::hop_buffer(int n_inputs, int n_outputs, std::size_t sample_size)
    : d_sample_size(sample_size), d_gathered_rows(std::size_t(n_inputs)),
      d_result_rows(std::size_t(n_outputs))
{
}

void hop_buffer::allocate(std::size_t capacity)
{
    const std::size_t row_size = capacity * d_sample_size;
    std::vector<char> gathered(d_gathered_rows.size() * row_size);
    std::vector<char> results(d_result_rows.size() * row_size);
    d_gathered = std::move(gathered);
    d_results = std::move(results);
    d_capacity = capacity;
    for (std::size_t m = 0; m < d_gathered_rows.size(); m++)
        d_gathered_rows[m] = d_gathered.data() + m * row_size;
    for (std::size_t m = 0; m < d_result_rows.size(); m++)
        d_result_rows[m] = d_results.data() + m * row_size;
}

void hop_buffer::gather(const void *const *in, std::size_t n)
{
    assert(d_n_gathered + n <= d_capacity);
    for (std::size_t m = 0; m < d_gathered_rows.size(); m++)
        std::memcpy(d_gathered.data() + (m * d_capacity + d_n_gathered) * d_sample_size,
                    in[m],
                    n * d_sample_size);
    d_n_gathered += n;
}

void hop_buffer::filtered(std::size_t n, std::size_t n_results)
{
    assert(d_n_ready == 0 && n <= d_n_gathered && n_results <= n);
    d_n_gathered -= n;
    for (std::size_t m = 0; m < d_gathered_rows.size(); m++) {
        char *row = d_gathered.data() + m * d_capacity * d_sample_size;
        std::memmove(row, row + n * d_sample_size, d_n_gathered * d_sample_size);
    }
    d_ready_begin = 0;
    d_n_ready = n_results;
}

void hop_buffer::take(void *const *out, std::size_t n)
{
    assert(n <= d_n_ready);
    for (std::size_t m = 0; m < d_result_rows.size(); m++)
        std::memcpy(out[m],
                    d_results.data() + (m * d_capacity + d_ready_begin) * d_sample_size,
                    n * d_sample_size);
    d_ready_begin += n;
    d_n_ready -= n;
}

} // namespace oaconv
} // namespace gr
