/* SPDX-License-Identifier: GPL-3.0-or-later
 * The block: what the scheduler gives and wants, around the engine. */
#ifndef INCLUDED_OACONV_MULTICHANNEL_FFT_FILTER_IMPL_H
#define INCLUDED_OACONV_MULTICHANNEL_FFT_FILTER_IMPL_H

#include "batch_size.h"
#include "buffer_plan.h"
#include "control_tags.h"
#include "filter_handle.h"
#include "fork_mutex.h"
#include "hop_buffer.h"
#include "tag_propagation.h"

#include <gnuradio/oaconv/multichannel_fft_filter.h>

#include <atomic>
#include <mutex>
#include <optional>

namespace gr
{
namespace oaconv
{

template <class SAMPLE, class TAP>
class multichannel_fft_filter_impl : public multichannel_fft_filter<SAMPLE, TAP>
{
public:
    using rows = std::vector<std::vector<TAP>>;

    multichannel_fft_filter_impl(const rows &taps,
                                 int n_channels,
                                 const std::string &backend,
                                 int hop,
                                 bool flush,
                                 int threads,
                                 double max_latency,
                                 int max_batch,
                                 int device,
                                 int decimation);

    void set_taps(const rows &taps) override;
    using multichannel_fft_filter<SAMPLE, TAP>::try_set_taps;
    bool try_set_taps(const std::function<rows()> &rows_of_caller) override;
    void set_channel_taps(int channel, const std::vector<TAP> &taps) override;
    rows taps() const override;
    std::string backend() const override;
    std::string backend_reason() const override;
    uint64_t gpu_calls() const override { return d_gpu_calls; }
    int threads() const override { return d_threads; }
    int fft_size() const override { return d_fft_size; }
    int hop() const override { return d_hop; }
    int decimation() const override { return d_decimation; }
    uint64_t tap_changes() const override { return d_tap_changes; }
    uint64_t last_tap_change() const override { return d_last_tap_change; }

    bool check_topology(int n_inputs, int n_outputs) override;
    bool start() override;
    bool stop() override;
    void forecast(int n_output_items, gr_vector_int &n_required) override;
    int general_work(int n_output_items,
                     gr_vector_int &n_input_items,
                     gr_vector_const_void_star &in,
                     gr_vector_void_star &out) override;

private:
    /* `again`: done, but the graph around has been changed since, and may bring a new stream. */
    enum class phase { filtering, tail, done, again };

    /* Samples in and out of one call, and how many of them have been filtered so far. */
    struct work_items {
        const void *const *in;
        void *const *out;
        int n_taken = 0, n_given = 0;
    };

    bool direct() const { return d_hop <= d_room && (!d_hop_buffer || d_hop_buffer->empty()); }

    static void log(void *block, oaconv_log_level level, const char *line) noexcept;
    filter_handle make_filter(const rows &taps,
                              int n_channels,
                              const std::string &backend,
                              int hop,
                              int threads,
                              int max_batch,
                              int device);
    rows one_row_each() const;
    void apply(const rows &taps);
    void swap_taps();
    void publish();
    void publish_backend(const oaconv_info &info);
    void set_taps_by_message(const pmt::pmt_t &message);
    void send_status();
    void mark_tap_change(int n_given);
    int n_gathered() const;
    bool next_is_certain() const;
    int put_withheld(const gr_vector_void_star &out);
    int withhold_last(const gr_vector_void_star &out, int n_given);
    void measure_room();
    bool behind_a_buffer_that_moves();
    void make_hop_buffer();
    void give_up(const std::string &reason);
    void begin_stream();
    void go_on_with_stream();
    int look_for_stream(const gr_vector_int &n_in);
    int run(int n_out,
            const gr_vector_int &n_in,
            gr_vector_const_void_star &in,
            gr_vector_void_star &out,
            int given);
    uint64_t kept(uint64_t n) const;
    int room_for(int n_out) const;
    void point_at(const work_items &items);
    void filter_hops(work_items &items, int end);
    void filter_all(work_items &items, int end);
    void retune(const control_tag *begin, const control_tag *end);
    std::size_t
    obey_tags(const std::vector<control_tag> &tags, std::size_t first, const work_items &items);
    void warn_of_malformed_tags(int n);
    int filter_directly(int n_out,
                        const gr_vector_int &n_in,
                        gr_vector_const_void_star &in,
                        gr_vector_void_star &out,
                        int given);
    int filter_by_hop_buffer(int n_out,
                             const gr_vector_int &n_in,
                             gr_vector_const_void_star &in,
                             gr_vector_void_star &out,
                             int given);
    bool filter_gathered();
    void finish_gathered();
    void begin_tail();
    void wait_for_input();
    int give(int n_out, gr_vector_void_star &out, int given);

    const int d_n_channels, d_decimation;
    const bool d_flush;
    filter_handle d_filter;
    int d_largest_batch; /* samples in; what our buffers are made for, and the bound of every hop */
    int d_threads;
    buffer_plan d_plan;

    /* Written by whoever has the engine, under the mutex and only when they change. */
    mutable std::mutex d_backend_mutex;
    std::string d_backend, d_backend_reason;

    /* Guards the rows and building new state; the working thread takes it in start() and stop(),
     * and where taps come by message or tag. */
    mutable fork_mutex d_taps_mutex;
    rows d_rows;
    bool d_running = false;

    /* Written by the working thread, read by getters. */
    std::atomic<int> d_hop{0}, d_fft_size{0};
    std::atomic<uint64_t> d_tap_changes{0}, d_last_tap_change{0}, d_gpu_calls{0};

    /* The working thread's. */
    std::weak_ptr<block_detail> d_detail; /* of the stream that the engine is in */
    phase d_phase = phase::filtering;
    batch_size d_batch_size;
    bool d_change_unmarked = false;
    control_tags d_control;
    tag_propagation d_propagation;
    int d_room = 0; /* samples in that every buffer and limit around us can take or give at once */
    std::vector<const void *> d_in; /* M pointers each, for the engine */
    std::vector<void *> d_out;
    std::optional<hop_buffer> d_hop_buffer; /* where d_room is less than a hop may be */
    /* The last sample of every channel, while a tag may yet belong to it. */
    bool d_withholds = false;
    std::vector<SAMPLE> d_withheld;
};

} // namespace oaconv
} // namespace gr

#endif
