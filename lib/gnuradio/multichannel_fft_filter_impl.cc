/* SPDX-License-Identifier: GPL-3.0-or-later
 * The block: what the scheduler gives and wants, around the engine. */
#include "multichannel_fft_filter_impl.h"

#include "arguments.h"
#include "end_of_input.h"
#include "status_message.h"
#include "taps_message.h"

#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/buffer_reader.h>
#include <gnuradio/io_signature.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <stdexcept>
#include <thread>
#include <type_traits>

namespace gr
{
namespace oaconv
{

namespace
{

/* How many of the next n samples lie before a flush, by the tags from number i on. */
int before_flush(const std::vector<control_tag> &tags, std::size_t i, int n)
{
    for (; i < tags.size(); i++)
        if (tags[i].what == control_tag::kind::flush)
            return std::min(n, int(tags[i].border()));
    return n;
}

/* What GNU Radio may spend on the buffers before and after one block of ours. */
constexpr long buffer_budget = 256L << 20; /* bytes */

template <class SAMPLE, class TAP>
constexpr oaconv_type type_of = std::is_same_v<SAMPLE, float> ? OAC_REAL
                                : std::is_same_v<TAP, float>  ? OAC_COMPLEX_REAL_TAPS
                                                              : OAC_COMPLEX;

template <class SAMPLE, class TAP>
std::string name_of()
{
    const char *suffix[] = {"fff", "ccf", "ccc"};
    return std::string("multichannel_fft_filter_") + suffix[type_of<SAMPLE, TAP>];
}

/* Views of the rows, for the engine. */
template <class TAP>
std::vector<oaconv_row> view(const std::vector<std::vector<TAP>> &taps)
{
    std::vector<oaconv_row> rows;
    for (const auto &row : taps)
        rows.push_back({reinterpret_cast<const float *>(row.data()), row.size()});
    return rows;
}

/* Samples that half a buffer may be made for: those before us and after us have two halves each. */
int affordable_batch(int max_batch, int n_channels, std::size_t sample_bytes)
{
    const long affordable = buffer_budget / long(4 * sample_bytes * std::size_t(n_channels));
    return int(std::min<long>(max_batch, affordable));
}

/* The same in whole hops. */
int largest_batch(int max_batch, int hop, int n_channels, std::size_t sample_bytes)
{
    return std::max(affordable_batch(max_batch, n_channels, sample_bytes) / hop * hop, hop);
}

std::string place_of(const control_tag &tag)
{
    return "its value on channel " + std::to_string(tag.channel);
}

pmt::pmt_t taps_port()
{
    return pmt::mp("taps");
}

pmt::pmt_t status_port()
{
    return pmt::mp("status");
}

} // namespace

template <class SAMPLE, class TAP>
typename multichannel_fft_filter<SAMPLE, TAP>::sptr
multichannel_fft_filter<SAMPLE, TAP>::make(const std::vector<std::vector<TAP>> &taps,
                                           int n_channels,
                                           const std::string &backend,
                                           int hop,
                                           bool flush,
                                           int threads,
                                           double max_latency,
                                           int max_batch,
                                           int device,
                                           int decimation)
{
    return gnuradio::make_block_sptr<multichannel_fft_filter_impl<SAMPLE, TAP>>(
        taps,
        count_ports(taps.size(), n_channels),
        checked_backend(backend),
        not_negative(hop, "hop"),
        flush,
        not_negative(threads, "threads"),
        checked_latency(max_latency),
        not_negative(max_batch, "max_batch"),
        device,
        checked_decimation(decimation));
}

template <class SAMPLE, class TAP>
multichannel_fft_filter_impl<SAMPLE, TAP>::multichannel_fft_filter_impl(const rows &taps,
                                                                        int n_channels,
                                                                        const std::string &backend,
                                                                        int hop,
                                                                        bool flush,
                                                                        int threads,
                                                                        double max_latency,
                                                                        int max_batch,
                                                                        int device,
                                                                        int decimation)
    : gr::block(name_of<SAMPLE, TAP>(),
                io_signature::make(n_channels, n_channels, sizeof(SAMPLE)),
                io_signature::make(n_channels, n_channels, sizeof(SAMPLE))),
      d_n_channels(n_channels), d_decimation(decimation), d_flush(flush),
      d_filter(make_filter(taps, n_channels, backend, hop, threads, max_batch, device)),
      d_plan(n_channels, sizeof(SAMPLE)), d_rows(taps), d_batch_size(max_latency),
      d_control(is_row<TAP>), d_propagation(decimation, is_row<TAP>), d_in(std::size_t(n_channels)),
      d_out(std::size_t(n_channels)), d_withheld(std::size_t(n_channels))
{
    publish();
    d_threads = int(d_filter.info().threads);
    d_largest_batch = largest_batch(max_batch, d_hop, n_channels, sizeof(SAMPLE));
    d_filter.set_max_hop(std::size_t(d_largest_batch));
    this->set_tag_propagation_policy(gr::block::TPP_ONE_TO_ONE);
    this->set_relative_rate(1, uint64_t(decimation));
    this->set_output_multiple(d_largest_batch / decimation);
    /* An input that is starved wakes nobody: look again within the latency. */
    this->set_blkd_input_timer_value(unsigned(std::ceil(std::max(max_latency * 1e3, 1.0))));
    this->message_port_register_in(taps_port());
    this->message_port_register_in(status_port());
    this->message_port_register_out(status_port());
    this->set_msg_handler(taps_port(), [this](const pmt::pmt_t &m) { set_taps_by_message(m); });
    this->set_msg_handler(status_port(), [this](const pmt::pmt_t &) { send_status(); });
    this->d_debug_logger->debug("{:d} channels, backend {:s} ({:s}), FFT of {:d} points, hop {:d}",
                                d_n_channels,
                                d_backend,
                                d_backend_reason,
                                fft_size(),
                                this->hop());
}

/* In any thread, and already while the engine is made: all it needs is the base class. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::log(void *block,
                                                    oaconv_log_level level,
                                                    const char *line) noexcept
{
    const auto &logger = static_cast<multichannel_fft_filter_impl *>(block)->d_logger;
    if (level == OAC_LOG_ERROR)
        logger->error("{:s}", line);
    else
        logger->info("{:s}", line);
}

/* Called before any member after d_filter exists, but with those before it. */
template <class SAMPLE, class TAP>
filter_handle multichannel_fft_filter_impl<SAMPLE, TAP>::make_filter(const rows &taps,
                                                                     int n_channels,
                                                                     const std::string &backend,
                                                                     int hop,
                                                                     int threads,
                                                                     int max_batch,
                                                                     int device)
{
    const std::vector<oaconv_row> views = view(taps);
    const int batch = affordable_batch(max_batch, n_channels, sizeof(SAMPLE));
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = type_of<SAMPLE, TAP>;
    config.rows = views.data();
    config.n_rows = views.size();
    config.n_channels = std::size_t(n_channels);
    config.backend = backend.c_str();
    config.device = device;
    config.decimation = std::size_t(d_decimation);
    config.hop = std::size_t(hop);
    config.threads = std::size_t(threads);
    config.batch = std::size_t(std::max({batch, hop, 1}));
    config.log = log;
    config.log_context = this;
    return filter_handle(config);
}

/* ---- taps ---- */

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::set_taps(const rows &taps)
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    apply(taps);
}

template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::try_set_taps(
    const std::function<rows()> &rows_of_caller)
{
    std::string wrong;
    try {
        set_taps(rows_of_caller());
        return true;
    } catch (const std::exception &error) {
        wrong = error.what();
    } catch (...) {
        wrong = "an unknown exception";
    }
    std::replace(wrong.begin(), wrong.end(), '\n', ' ');
    this->d_logger->warn("taps stay as they were: {:s}", wrong);
    return false;
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::set_channel_taps(int channel,
                                                                 const std::vector<TAP> &taps)
{
    if (channel < 0 || channel >= d_n_channels)
        throw std::invalid_argument("channel " + std::to_string(channel) +
                                    " does not exist; there are " + std::to_string(d_n_channels) +
                                    ", counted from 0");
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    rows changed = one_row_each();
    changed[std::size_t(channel)] = taps;
    apply(changed);
}

/* Under d_taps_mutex: M rows, also where one serves all. */
template <class SAMPLE, class TAP>
typename multichannel_fft_filter_impl<SAMPLE, TAP>::rows
multichannel_fft_filter_impl<SAMPLE, TAP>::one_row_each() const
{
    rows all = d_rows;
    all.resize(std::size_t(d_n_channels), d_rows.front());
    return all;
}

template <class SAMPLE, class TAP>
typename multichannel_fft_filter_impl<SAMPLE, TAP>::rows
multichannel_fft_filter_impl<SAMPLE, TAP>::taps() const
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    return d_rows;
}

/* Under d_taps_mutex. Swaps at once while no working thread does it. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::apply(const rows &taps)
{
    d_filter.prepare(view(taps));
    d_rows = taps;
    if (!d_running)
        swap_taps();
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::swap_taps()
{
    if (!d_filter.swap())
        return;
    d_change_unmarked = true;
    publish();
}

/* Shows the engine's state to the getters; the change after its sample, for those who wait. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::publish()
{
    const oaconv_info info = d_filter.info();
    d_hop = int(info.hop);
    d_fft_size = int(info.n_fft);
    d_gpu_calls = info.gpu_calls;
    publish_backend(info);
    d_last_tap_change = info.last_change;
    d_tap_changes = info.n_changes;
}

/* Takes the lock only where there is news: a GPU that is lost, refused or won back. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::publish_backend(const oaconv_info &info)
{
    if (d_backend == info.backend && d_backend_reason == info.reason)
        return;
    std::lock_guard<std::mutex> lock(d_backend_mutex);
    d_backend = info.backend;
    d_backend_reason = info.reason;
}

template <class SAMPLE, class TAP>
std::string multichannel_fft_filter_impl<SAMPLE, TAP>::backend() const
{
    std::lock_guard<std::mutex> lock(d_backend_mutex);
    return d_backend;
}

template <class SAMPLE, class TAP>
std::string multichannel_fft_filter_impl<SAMPLE, TAP>::backend_reason() const
{
    std::lock_guard<std::mutex> lock(d_backend_mutex);
    return d_backend_reason;
}

/* In the working thread. An exception here would end it. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::set_taps_by_message(const pmt::pmt_t &message)
{
    try {
        const taps_message<TAP> wanted = parse_taps_message<TAP>(message, d_n_channels);
        if (wanted.channel)
            set_channel_taps(*wanted.channel, wanted.rows.front());
        else
            set_taps(wanted.rows);
    } catch (const std::exception &error) {
        this->d_logger->warn("message on port taps ignored: {:s}", error.what());
    }
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::send_status()
{
    this->message_port_pub(status_port(), status_message(d_filter.info()));
}

/* The next sample to come out is the first that meets the new taps; n_given are out already in this
 * call of work. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::mark_tap_change(int n_given)
{
    const uint64_t ahead = uint64_t(n_given) + (d_hop_buffer ? d_hop_buffer->n_ready() : 0);
    for (int m = 0; m < d_n_channels; m++)
        this->add_item_tag(unsigned(m),
                           this->nitems_written(unsigned(m)) + ahead,
                           pmt::mp("taps"),
                           pmt::from_uint64(d_tap_changes),
                           this->alias_pmt());
    d_change_unmarked = false;
}

/* Begins the outputs of this call with the sample that was withheld in the last one; returns how
 * many that are. */
template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::put_withheld(const gr_vector_void_star &out)
{
    if (!d_withholds)
        return 0;
    for (std::size_t m = 0; m < out.size(); m++)
        *static_cast<SAMPLE *>(out[m]) = d_withheld[m];
    d_withholds = false;
    return 1;
}

/* Samples in that have been taken, but not filtered. */
template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::n_gathered() const
{
    return d_hop_buffer ? int(d_hop_buffer->n_gathered()) : 0;
}

/* Whether what has been taken gives a sample that is still to come out. */
template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::next_is_certain() const
{
    return n_gathered() > room_for(0) || (d_hop_buffer && d_hop_buffer->n_ready() > 0);
}

/* Takes the last of the n_given samples that end at `out` back while a tag may belong to it: until
 * there is a later one, or the stream is over. Returns how many are left. */
template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::withhold_last(const gr_vector_void_star &out,
                                                             int n_given)
{
    if (n_given <= 0 || d_phase != phase::filtering || !d_propagation.waits() || next_is_certain())
        return n_given;
    for (std::size_t m = 0; m < out.size(); m++)
        d_withheld[m] = static_cast<const SAMPLE *>(out[m])[-1];
    d_withholds = true;
    return n_given - 1;
}

/* ---- life ---- */

/* Called before buffers are made, at every start: they are made for whole batches, also those of
 * the blocks above. A limit on our outputs is a limit on what we may ask for, and so is the memory
 * for buffers. An exception is one of the graph's start(). */
template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::check_topology(int n_inputs, int n_outputs)
{
    const long half = std::min(d_plan.half_buffer(*this), long(d_largest_batch));
    long batch = std::max(half / d_decimation, 1L);
    for (int m = 0; m < n_outputs; m++)
        if (const long limit = this->max_output_buffer(std::size_t(m)); limit > 0)
            batch = std::min(batch, std::max(limit / 2, 1L));
    this->set_output_multiple(int(batch));
    return gr::block::check_topology(n_inputs, n_outputs);
}

/* What the buffers that were made can give and take at once, and a hop buffer where that may be
 * less than a hop. Half of each: a block above that gives many samples at a time may find no room
 * in the last part of a buffer while we wait for it to be full. Of half an output buffer the
 * runtime uses whole multiples, and where they are less than min_noutput_items it ends our thread,
 * and so hangs the graph: a multiple of no more than the rest leaves enough. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::measure_room()
{
    long n_out = d_largest_batch / d_decimation;
    if (this->is_set_max_noutput_items())
        n_out = std::min(n_out, long(this->max_noutput_items()));
    const long least = std::max(this->min_noutput_items(), 1);
    for (int m = 0; m < d_n_channels; m++) {
        const long half = this->detail()->output(unsigned(m))->bufsize() / 2;
        n_out = std::min(n_out, std::max(half - least + 1, 1L));
    }
    d_room = int(n_out * d_decimation);
    for (int m = 0; m < d_n_channels; m++)
        d_room = std::min(
            d_room, (this->detail()->input(unsigned(m))->max_possible_items_available() + 1) / 2);
    if (behind_a_buffer_that_moves()) {
        this->d_logger->warn(
            "behind a custom buffer, which GNU Radio 3.10 wraps wrongly for readers "
            "that wait for more: samples are gathered in memory of our own");
        d_room = 1;
    }
    if (d_room < d_largest_batch && !d_hop_buffer)
        make_hop_buffer();
}

/* Where a buffer is not mapped twice, a reader that asks for more than lies before the end of the
 * buffer has GNU Radio move samples to its beginning, and GNU Radio 3.10 overwrites them with old
 * ones. A reader that takes whatever there is never has it done. */
template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::behind_a_buffer_that_moves()
{
    for (int m = 0; m < d_n_channels; m++)
        if (this->detail()->input(unsigned(m))->buffer()->get_mapping_type() ==
            buffer_mapping_type::single_mapped)
            return true;
    return false;
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::make_hop_buffer()
{
    try {
        d_hop_buffer.emplace(
            std::size_t(d_n_channels), sizeof(SAMPLE), std::size_t(d_largest_batch));
    } catch (const std::bad_alloc &) {
        give_up("out of memory for " + std::to_string(d_n_channels) + " channels of " +
                std::to_string(d_largest_batch) + " samples beside small buffers");
    }
}

/* An exception in start() would hang the graph: the stream ends before its first sample. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::give_up(const std::string &reason)
{
    this->d_logger->error("{:s}; the stream ends", reason);
    d_room = 0;
    d_phase = phase::done;
}

/* The next sample is the first of a stream. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::begin_stream()
{
    d_phase = phase::filtering;
    d_filter.reset();
    if (d_hop_buffer)
        d_hop_buffer->clear();
    d_change_unmarked = d_withholds = false;
    d_propagation.forget();
    d_propagation.count_from(0, 0);
    publish();
}

/* GNU Radio counts samples from here on; what is in the engine and the hop buffer came before. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::go_on_with_stream()
{
    const uint64_t n_in = d_filter.info().n_samples;
    const uint64_t n_gathered = d_hop_buffer ? d_hop_buffer->n_gathered() : 0;
    const uint64_t n_ready = (d_hop_buffer ? d_hop_buffer->n_ready() : 0) + (d_withholds ? 1 : 0);
    d_propagation.count_from(n_in + n_gathered, kept(n_in) - n_ready);
    if (d_phase == phase::done)
        d_phase = phase::again;
}

template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::start()
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    const bool same_stream = d_detail.lock() == this->detail();
    d_detail = this->detail();
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
    this->set_output_multiple(direct() ? hop() / d_decimation : 1);
    d_running = true;
    return gr::block::start();
}

template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::stop()
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    d_running = false;
    d_propagation.stop(*this);
    swap_taps();
    return gr::block::stop();
}

/* ---- samples ---- */

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::forecast(int n_output_items,
                                                         gr_vector_int &n_required)
{
    int wanted = 0;
    if (d_phase == phase::again)
        wanted = 1;
    else if (d_phase == phase::filtering && direct())
        wanted = d_batch_size.batch(hop(), d_room, batch_size::clock::now());
    else if (d_phase == phase::filtering && d_hop_buffer->n_ready() == 0)
        wanted = std::clamp(hop() - int(d_hop_buffer->n_gathered()), 1, d_room);
    if (d_withholds) /* with the next sample that gives one, it is clear where the tag belongs */
        wanted = std::min(wanted, room_for(0) + 1 - n_gathered());
    if (wanted == 0) {
        std::fill(n_required.begin(), n_required.end(), 0);
        return;
    }
    const inputs_state inputs = look_at_inputs(*this, d_n_channels);
    if (inputs.n_available < wanted) {
        const bool last_try = n_output_items <= this->output_multiple();
        const uint64_t border =
            d_control.first_border(*this, uint64_t(inputs.n_available), last_try);
        wanted = border ? int(border) : wanted;
    }
    wanted = inputs.n_left < 0 ? wanted : int(std::min<long>(wanted, inputs.n_left));
    std::fill(n_required.begin(), n_required.end(), wanted);
    /* Of a flagged buffer the scheduler knew less a moment ago, perhaps, and to ask for more than
     * it knew would end us: general_work() sees what there is. */
    const bool flagged = inputs.n_left >= 0 || inputs.sibling_ended;
    for (int m = 0; flagged && m < d_n_channels; m++)
        if (look_at_input(*this, m).flagged_done)
            n_required[m] = 0;
}

template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::general_work(int n_output_items,
                                                            gr_vector_int &n_input_items,
                                                            gr_vector_const_void_star &in,
                                                            gr_vector_void_star &out)
{
    d_propagation.take_over_policy(*this);
    if (d_phase == phase::filtering) {
        swap_taps();
        if (d_change_unmarked)
            mark_tap_change(d_withholds ? 1 : 0);
    }
    const int withheld = put_withheld(out);
    const int result = withhold_last(out, run(n_output_items, n_input_items, in, out, withheld));
    publish();
    const int multiple = d_phase == phase::filtering && direct() ? hop() / d_decimation : 1;
    if (multiple != this->output_multiple())
        this->set_output_multiple(multiple);
    return result;
}

template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::run(int n_out,
                                                   const gr_vector_int &n_in,
                                                   gr_vector_const_void_star &in,
                                                   gr_vector_void_star &out,
                                                   int given)
{
    switch (d_phase) {
    case phase::filtering:
        return direct() ? filter_directly(n_out, n_in, in, out, given)
                        : filter_by_hop_buffer(n_out, n_in, in, out, given);
    case phase::tail:
        return give(n_out, out, given);
    case phase::again:
        return look_for_stream(n_in);
    case phase::done:
        break;
    }
    return gr::block::WORK_DONE;
}

/* After the end of a stream and a change of the graph: is there another stream? */
template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::look_for_stream(const gr_vector_int &n_in)
{
    if (look_at_inputs(*this, d_n_channels).n_left == 0) {
        d_phase = phase::done;
        return gr::block::WORK_DONE;
    }
    if (*std::min_element(n_in.begin(), n_in.end()) == 0)
        wait_for_input();
    else
        begin_stream();
    return 0;
}

/* Samples that come out for the first n of the stream. */
template <class SAMPLE, class TAP>
uint64_t multichannel_fft_filter_impl<SAMPLE, TAP>::kept(uint64_t n) const
{
    return (n + uint64_t(d_decimation) - 1) / uint64_t(d_decimation);
}

/* The most samples in for which n_out samples out are room enough, in one call. */
template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::room_for(int n_out) const
{
    const uint64_t n = d_filter.info().n_samples;
    const uint64_t room = (kept(n) + uint64_t(n_out)) * uint64_t(d_decimation) - n;
    return int(std::min(room, uint64_t(d_largest_batch)));
}

/* Points d_in and d_out behind what has been filtered. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::point_at(const work_items &items)
{
    for (std::size_t m = 0; m < d_in.size(); m++) {
        d_in[m] = static_cast<const SAMPLE *>(items.in[m]) + items.n_taken;
        d_out[m] = static_cast<SAMPLE *>(items.out[m]) + items.n_given;
    }
}

/* Filters what is whole hops of the samples up to `end`. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::filter_hops(work_items &items, int end)
{
    const int n = (end - items.n_taken) / hop() * hop();
    const std::size_t n_out = d_filter.output_length(std::size_t(n));
    point_at(items);
    d_filter.process(d_in.data(), d_out.data(), std::size_t(n));
    items.n_taken += n;
    items.n_given += int(n_out);
}

/* Filters all samples up to `end`, with a border behind the last. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::filter_all(work_items &items, int end)
{
    filter_hops(items, end);
    const std::size_t n = std::size_t(end - items.n_taken), n_out = d_filter.output_length(n);
    point_at(items);
    d_filter.finish(d_in.data(), d_out.data(), n);
    items.n_taken = end;
    items.n_given += int(n_out);
}

/* Puts the rows of these tags in force, as one change. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::retune(const control_tag *begin,
                                                       const control_tag *end)
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    try {
        rows changed = one_row_each();
        for (const control_tag *tag = begin; tag != end; tag++)
            if (tag->what == control_tag::kind::taps)
                changed[std::size_t(tag->channel)] = parse_row<TAP>(tag->value, place_of(*tag));
        apply(changed);
        swap_taps();
    } catch (const std::exception &error) {
        this->d_logger->warn("tag taps ignored: {:s}", error.what());
    }
}

/* All samples before the border of tag `first` have been filtered, and tags on them passed: obeys
 * all tags of that border, and returns the number of the next. A flush asks for no more than the
 * border, and that no tag waits there. */
template <class SAMPLE, class TAP>
std::size_t multichannel_fft_filter_impl<SAMPLE, TAP>::obey_tags(
    const std::vector<control_tag> &tags, std::size_t first, const work_items &items)
{
    const uint64_t border = tags[first].border();
    std::size_t next = first;
    bool retunes = false, flushes = false;
    for (; next < tags.size() && tags[next].border() == border; next++)
        (tags[next].what == control_tag::kind::taps ? retunes : flushes) = true;
    if (flushes)
        d_propagation.flush(*this, items.n_taken);
    if (retunes) {
        d_control.obeyed(*this, border);
        retune(tags.data() + first, tags.data() + next);
    }
    if (d_change_unmarked)
        mark_tap_change(items.n_given);
    return next;
}

/* Of tags among the next n samples, before they are taken. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::warn_of_malformed_tags(int n)
{
    for (const control_tag &tag : d_control.malformed())
        if (tag.at < uint64_t(n))
            try {
                parse_row<TAP>(tag.value, place_of(tag));
            } catch (const std::exception &error) {
                this->d_logger->warn("tag taps ignored: {:s}", error.what());
            }
}

/* The stream has been filtered to its end: what is still to come out is the tail. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::begin_tail()
{
    const std::size_t n_tail = d_flush ? d_filter.tail_length() : 0;
    d_phase = phase::tail;
    d_propagation.end(*this, kept(d_filter.info().n_samples) + n_tail);
}

template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::filter_directly(int n_out,
                                                               const gr_vector_int &n_in,
                                                               gr_vector_const_void_star &in,
                                                               gr_vector_void_star &out,
                                                               int given)
{
    const int n_available = *std::min_element(n_in.begin(), n_in.end());
    const int n = std::min(n_available, room_for(n_out - given));
    /* A sample that is withheld may leave no room, but what comes next decides about it. */
    const int n_seen = given ? std::max(n, std::min(n_available, d_decimation)) : n;
    const std::vector<control_tag> &tags = d_control.among_next(*this, uint64_t(n_seen));
    work_items items{in.data(), out.data(), 0, given};
    std::size_t i = 0;
    while (i < tags.size() && tags[i].border() <= uint64_t(n) && direct()) {
        const int begin = items.n_taken;
        filter_all(items, int(tags[i].border()));
        d_propagation.pass(*this, begin, items.n_taken, hop());
        i = obey_tags(tags, i, items);
    }
    const int begin = items.n_taken;
    if (direct())
        filter_hops(items, n);
    bool over = false;
    if (items.n_taken > 0) {
        d_batch_size.filtered(items.n_taken, batch_size::clock::now());
    } else if (direct()) { /* else the tags behind the first one are for the hop buffer */
        const long left = look_at_inputs(*this, d_n_channels).n_left;
        over = left >= 0 && left <= n;
        if (over)
            filter_all(items, int(left));
        else
            wait_for_input();
    }
    d_propagation.pass(*this, begin, items.n_taken, hop());
    d_propagation.expect(*this, before_flush(tags, i, n_seen));
    if (over)
        begin_tail();
    warn_of_malformed_tags(items.n_taken);
    this->consume_each(items.n_taken);
    return give(n_out, out, items.n_given);
}

template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::filter_by_hop_buffer(int n_out,
                                                                    const gr_vector_int &n_in,
                                                                    gr_vector_const_void_star &in,
                                                                    gr_vector_void_star &out,
                                                                    int given)
{
    if (d_hop_buffer->n_ready() == 0) {
        const int missing = std::max(hop() - int(d_hop_buffer->n_gathered()), 0);
        int n = std::min(missing, *std::min_element(n_in.begin(), n_in.end()));
        const std::vector<control_tag> &tags = d_control.among_next(*this, uint64_t(n));
        const bool at_border = !tags.empty();
        if (at_border)
            n = int(tags.front().border());
        d_propagation.pass(*this, 0, n, hop(), int(d_hop_buffer->n_gathered()));
        d_hop_buffer->gather(in.data(), std::size_t(n));
        if (at_border) {
            finish_gathered();
            obey_tags(tags, 0, work_items{nullptr, nullptr, n, given});
        }
        warn_of_malformed_tags(n);
        this->consume_each(n);
        if (!at_border && !filter_gathered() && n == 0)
            wait_for_input();
    }
    return give(n_out, out, given);
}

/* Whole hops, or what is left at the end of the stream; returns whether there was any of them. */
template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::filter_gathered()
{
    work_items items{d_hop_buffer->gathered(), d_hop_buffer->results()};
    filter_hops(items, int(d_hop_buffer->n_gathered()));
    d_hop_buffer->filtered(std::size_t(items.n_taken), std::size_t(items.n_given));
    if (items.n_taken > 0)
        return true;
    if (look_at_inputs(*this, d_n_channels).n_left != 0)
        return false;
    finish_gathered();
    begin_tail();
    return true;
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::finish_gathered()
{
    work_items items{d_hop_buffer->gathered(), d_hop_buffer->results()};
    filter_all(items, int(d_hop_buffer->n_gathered()));
    d_hop_buffer->filtered(std::size_t(items.n_taken), std::size_t(items.n_given));
}

/* The scheduler called us with less than we need: more has arrived since, or another reader of our
 * input has ended. The latter gives no sign when the block above ends, so look again soon. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::wait_for_input()
{
    if (look_at_inputs(*this, d_n_channels).sibling_ended)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/* Hands over the `given` samples that are in out already, then what is ready or left of the tail.
 */
template <class SAMPLE, class TAP>
int multichannel_fft_filter_impl<SAMPLE, TAP>::give(int n_out, gr_vector_void_star &out, int given)
{
    std::size_t room = std::size_t(n_out - given);
    const auto advance = [&](std::size_t n) {
        for (void *&row : out)
            row = static_cast<SAMPLE *>(row) + n;
    };
    advance(std::size_t(given));
    if (d_hop_buffer) {
        const std::size_t n = std::min(room, d_hop_buffer->n_ready());
        d_hop_buffer->take(out.data(), n);
        advance(n);
        room -= n;
    }
    if (d_phase == phase::tail && !(d_hop_buffer && d_hop_buffer->n_ready())) {
        const std::size_t left = d_flush ? d_filter.tail_length() : 0, n = std::min(room, left);
        d_filter.read_tail(out.data(), n);
        room -= n;
        if (n == left)
            d_phase = phase::done;
    }
    const int n = n_out - int(room);
    return n == 0 && d_phase == phase::done ? gr::block::WORK_DONE : n;
}

template class multichannel_fft_filter<float, float>;
template class multichannel_fft_filter<gr_complex, float>;
template class multichannel_fft_filter<gr_complex, gr_complex>;

} // namespace oaconv
} // namespace gr
