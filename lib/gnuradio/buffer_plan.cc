/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which part of the memory for GNU Radio's buffers one block may plan for, and takes. */
#include "buffer_plan.h"

#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/buffer_reader.h>

#include <algorithm>
#include <atomic>

namespace gr
{
namespace oaconv
{

namespace
{

constexpr long usual_buffer = 64L << 10; /* bytes; GNU Radio makes none of less without a limit */

std::atomic<long> n_channels_alive{0};

std::size_t n_bytes(const buffer_sptr &buffer)
{
    return std::size_t(buffer->bufsize()) * buffer->get_sizeof_item();
}

} // namespace

buffer_plan::buffer_plan(int n_inputs, int n_outputs, std::size_t sample_size)
    : d_n_inputs(n_inputs), d_n_outputs(n_outputs), d_n_channels(std::max(n_inputs, n_outputs)),
      d_sample_size(sample_size)
{
    n_channels_alive += d_n_channels;
}

buffer_plan::~buffer_plan()
{
    n_channels_alive -= d_n_channels;
}

/* Bytes of our output buffers with an output multiple of 1; before us there is one at least. */
long buffer_plan::smallest_outputs(gr::block &block) const
{
    long n = 0;
    for (std::size_t m = 0; m < std::size_t(d_n_outputs); m++) {
        const long most = block.max_output_buffer(m) * long(d_sample_size);
        const long least = block.min_output_buffer(m) * long(d_sample_size);
        n += most > 0 ? std::min(usual_buffer, most) : std::max(usual_buffer, least);
    }
    return n;
}

long buffer_plan::half_buffer(gr::block &block)
{
    if (d_half > 0)
        return d_half;
    const buffer_memory memory = look_at_buffer_memory();
    check_that_buffers_fit(memory, d_n_channels, usual_buffer + smallest_outputs(block));
    const long shared = memory.n_free / 2 / std::max(n_channels_alive.load(), 1L);
    const long of_each = std::min(shared / 2, memory.largest);
    d_half = std::max(of_each / long(2 * d_sample_size), 1L);
    return d_half;
}

std::string buffer_plan::reserve(const gr::block &block, bool none_has_come_out) const
{
    if (kind_of_buffers() == buffer_kind::system_v)
        return "";
    const auto detail = block.detail();
    bool there = true;
    for (int m = 0; m < d_n_inputs; m++) { /* these are filled whatever becomes of us */
        const buffer_sptr buffer = detail->input(unsigned(m))->buffer();
        there = there && reserve_buffer(buffer->base(), n_bytes(buffer));
    }
    for (int m = 0; m < d_n_outputs; m++) {
        const buffer_sptr buffer = detail->output(unsigned(m));
        there = there && reserve_buffer(buffer->base(), n_bytes(buffer));
    }
    if (there)
        return "";
    for (int m = 0; m < d_n_outputs && none_has_come_out; m++) {
        const buffer_sptr buffer = detail->output(unsigned(m));
        release_buffer(buffer->base(), n_bytes(buffer));
    }
    return "no room for the buffers of " + std::to_string(d_n_channels) + " channels in " +
           look_at_buffer_memory().place;
}

} // namespace oaconv
} // namespace gr
