/* SPDX-License-Identifier: GPL-3.0-or-later
 * How the block is made, starts, goes on, and stops. */
#include "work_loop.h"

#include "buffer_room.h"
#include "status_message.h"

#include <gnuradio/block_detail.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <new>

namespace gr
{
namespace oaconv
{

namespace
{

/* What GNU Radio may spend on the buffers before and after one block of ours. */
constexpr long buffer_budget = 256L << 20; /* bytes */

/* Samples that half a buffer may be made for: those before us and after us have two halves each. */
int affordable_batch(const work_options &options)
{
    const std::size_t n_ports = std::size_t(options.n_inputs) + std::size_t(options.n_outputs);
    const long affordable = buffer_budget / long(2 * options.sample_size * n_ports);
    return int(std::min<long>(options.max_batch, affordable));
}

/* The same in whole hops. */
int largest_batch(const work_options &options, int hop)
{
    return std::max(affordable_batch(options) / hop * hop, hop);
}

pmt::pmt_t status_port()
{
    return pmt::mp("status");
}

} // namespace

work_loop::work_loop(const work_options &options)
    : d_n_inputs(options.n_inputs), d_n_outputs(options.n_outputs),
      d_decimation(int(options.config.decimation)), d_sample_size(options.sample_size),
      d_flush(options.flush), d_filter(completed(options)),
      d_plan(d_n_inputs, d_n_outputs, d_sample_size), d_batch_size(options.max_latency),
      d_control(options.is_row), d_propagation(d_decimation, options.is_row),
      d_in(std::size_t(d_n_inputs)), d_out(std::size_t(d_n_outputs)),
      d_hop_buffer(d_n_inputs, d_n_outputs, d_sample_size), d_withheld(d_n_outputs, d_sample_size)
{
    publish();
    d_threads = int(d_filter.info().threads);
    d_largest_batch = largest_batch(options, d_state.hop());
    d_filter.set_max_hop(std::size_t(d_largest_batch));
    set_tag_propagation_policy(TPP_ONE_TO_ONE);
    set_relative_rate(1, uint64_t(d_decimation));
    set_output_multiple(d_largest_batch / d_decimation);
    /* An input that is starved wakes nobody: look again within the latency. */
    set_blkd_input_timer_value(unsigned(std::ceil(std::max(options.max_latency * 1e3, 1.0))));
    message_port_register_in(status_port());
    message_port_register_out(status_port());
    set_msg_handler(status_port(), [this](const pmt::pmt_t &) { send_status(); });
    d_debug_logger->debug("{:d} channels, backend {:s} ({:s}), FFT of {:d} points, hop {:d}",
                          d_n_inputs,
                          d_state.backend(),
                          d_state.backend_reason(),
                          d_state.fft_size(),
                          d_state.hop());
}

/* Called before d_filter exists: adds the batch and the log. */
oaconv_config work_loop::completed(const work_options &options)
{
    oaconv_config config = options.config;
    config.batch = std::max(std::size_t(std::max(affordable_batch(options), 1)), config.hop);
    config.log = log;
    config.log_context = this;
    return config;
}

/* In any thread, and already while the filter is made: of this object it uses gr::block only, which
 * is complete by then. */
void work_loop::log(void *block, oaconv_log_level level, const char *line) noexcept
{
    const auto &logger = static_cast<work_loop *>(block)->d_logger;
    if (level == OAC_LOG_ERROR)
        logger->error("{:s}", line);
    else
        logger->info("{:s}", line);
}

void work_loop::warn(const char *what, const char *why) const
{
    d_logger->warn("{:s}: {:s}", what, why);
}

void work_loop::send_status()
{
    message_port_pub(status_port(), status_message(d_filter.info()));
}

void work_loop::swap_taps()
{
    if (!d_filter.swap())
        return;
    d_change_unmarked = true;
    publish();
}

void work_loop::swap_taps_if_stopped()
{
    if (!d_running)
        swap_taps();
}

/* Called before buffers are made, at every start: they are made for whole batches, also those of
 * the blocks above. A limit on our outputs is a limit on what we may ask for, and so is the memory
 * for buffers. An exception is one of the graph's start(). */
bool work_loop::check_topology(int n_inputs, int n_outputs)
{
    const long half = std::min(d_plan.half_buffer(*this), long(d_largest_batch));
    set_output_multiple(int(limited_batch(*this, n_outputs, std::max(half / d_decimation, 1L))));
    return gr::block::check_topology(n_inputs, n_outputs);
}

/* What the buffers that were made can give and take at once, and a hop buffer where that may be
 * less than a hop. */
void work_loop::measure_room()
{
    const long n_out = output_room(*this, d_n_outputs, d_largest_batch / d_decimation);
    d_room = int(input_room(*this, d_n_inputs, n_out * d_decimation));
    if (behind_a_buffer_that_moves(*this, d_n_inputs)) {
        d_logger->warn("behind a custom buffer, which GNU Radio 3.10 wraps wrongly for readers "
                       "that wait for more: samples are gathered in memory of our own");
        d_room = 1;
    }
    if (d_room < d_largest_batch && !d_hop_buffer.has_memory())
        make_hop_buffer();
}

void work_loop::make_hop_buffer()
{
    try {
        d_hop_buffer.allocate(std::size_t(d_largest_batch));
    } catch (const std::bad_alloc &) {
        give_up("out of memory for " + std::to_string(d_n_inputs) + " channels of " +
                std::to_string(d_largest_batch) + " samples beside small buffers");
    }
}

/* An exception in start() would hang the graph: the stream ends before its first sample. */
void work_loop::give_up(const std::string &reason)
{
    d_logger->error("{:s}; the stream ends", reason);
    d_room = 0;
    d_phase = phase::done;
}

/* The next sample is the first of a stream. */
void work_loop::begin_stream()
{
    d_phase = phase::filtering;
    d_filter.reset();
    d_hop_buffer.clear();
    d_change_unmarked = false;
    d_withheld.forget();
    d_propagation.forget();
    d_propagation.count_from(0, 0);
    publish();
}

/* GNU Radio counts samples from here on; what is in the filter and the hop buffer came before. */
void work_loop::go_on_with_stream()
{
    const uint64_t n_in = d_filter.info().n_samples;
    const uint64_t n_ready = d_hop_buffer.n_ready() + uint64_t(d_withheld.count());
    d_propagation.count_from(n_in + d_hop_buffer.n_gathered(), kept(n_in) - n_ready);
    if (d_phase == phase::done)
        d_phase = phase::again;
}

bool work_loop::start()
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    const bool same_stream = d_detail.lock() == detail();
    d_detail = detail();
    if (same_stream)
        go_on_with_stream();
    else
        begin_stream();
    d_filter.reopen_gpu(); /* if one was lost; whether it is back is published */
    publish();
    d_propagation.start(*this);
    d_control.restart();
    d_batch_size.restart(batch_size::clock::now());
    measure_room();
    const std::string wrong = d_plan.reserve(*this, !same_stream);
    if (!wrong.empty())
        give_up(wrong);
    set_output_multiple(direct() ? d_state.hop() / d_decimation : 1);
    d_running = true;
    return gr::block::start();
}

bool work_loop::stop()
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    d_running = false;
    d_propagation.stop(*this);
    swap_taps();
    return gr::block::stop();
}

} // namespace oaconv
} // namespace gr
