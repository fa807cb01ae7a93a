/* SPDX-License-Identifier: GPL-3.0-or-later
 * The work of a block, whatever its samples are: what the scheduler gives and wants, around a
 * filter of the engine.
 *
 * Words: a batch is what one call of work takes; a hop what the filter takes at a time. Where whole
 * hops fit into all buffers, the filter reads and writes GNU Radio's buffers (direct()); else
 * samples are gathered in the hop buffer. A border is a sample before which a piece ends: tagged
 * with new taps or a flush. */
#ifndef INCLUDED_OACONV_WORK_LOOP_H
#define INCLUDED_OACONV_WORK_LOOP_H

#include "batch_size.h"
#include "buffer_plan.h"
#include "control_tags.h"
#include "filter_handle.h"
#include "fork_mutex.h"
#include "hop_buffer.h"
#include "published_state.h"
#include "tag_propagation.h"
#include "withheld_sample.h"

#include <gnuradio/block.h>

#include <memory>
#include <string>
#include <vector>

namespace gr
{
namespace oaconv
{

/* What a block asks for. */
struct work_options {
    oaconv_config config; /* all of it but the batch and the log */
    int n_inputs, n_outputs;
    std::size_t sample_size; /* bytes */
    int max_batch;           /* samples in */
    double max_latency;      /* seconds */
    bool flush;              /* whether the tail comes out */
    bool (*is_row)(const pmt::pmt_t &);
};

/* Forecast and work, start and stop, the end of the stream, tags, and the port `status`. Samples
 * are so many bytes here, and taps belong to the class below. The block's thread calls all of it,
 * but for what a setter or getter of the class below uses. */
class work_loop : virtual public gr::block
{
public:
    bool check_topology(int n_inputs, int n_outputs) override;
    bool start() override;
    bool stop() override;
    void forecast(int n_output_items, gr_vector_int &n_required) override;
    int general_work(int n_output_items,
                     gr_vector_int &n_input_items,
                     gr_vector_const_void_star &in,
                     gr_vector_void_star &out) override;

protected:
    explicit work_loop(const work_options &options);

    /* Puts the rows of these tags in force, as one change, with swap_taps(). An exception would end
     * the block's thread: what is wrong is a line in the log. */
    virtual void retune(const control_tag *begin, const control_tag *end) = 0;

    /* Throws what is wrong with the value of a tag `taps`. */
    virtual void check_row(const control_tag &tag) const = 0;

    const int d_n_inputs, d_n_outputs, d_decimation;

    void warn(const char *what, const char *why) const;
    const published_state &state() const { return d_state; }
    int n_threads() const { return d_threads; }

    /* Guards rows and building new state; the working thread takes it in start() and stop(), and
     * where taps come by message or tag. */
    mutable fork_mutex d_taps_mutex;

    /* Under d_taps_mutex: builds the state for new rows, which swap_taps() puts in force. The
     * working thread does so at its next call of work; while there is none, the caller must, with
     * swap_taps_if_stopped(), still under the mutex. */
    void prepare_taps(const std::vector<oaconv_row> &rows) { d_filter.prepare(rows); }
    void swap_taps_if_stopped();

    /* The working thread, without the mutex, for which it would have to wait; or any other, under
     * the mutex, while that one is stopped. */
    void swap_taps();

private:
    /* `again`: done, but the graph around has been changed since, and may bring a new stream. */
    enum class phase { filtering, tail, done, again };

    /* One call of work. The first `given` samples of its outputs are there already. */
    struct work_call {
        int n_out;
        const gr_vector_int &n_in;
        gr_vector_const_void_star &in;
        gr_vector_void_star &out;
        int given;
        int n_available() const;
    };

    /* Samples in and out, and how many of them have been filtered so far. */
    struct work_items {
        const void *const *in;
        void *const *out;
        int n_taken = 0, n_given = 0;
    };

    static void log(void *block, oaconv_log_level level, const char *line) noexcept;
    oaconv_config completed(const work_options &options);
    void send_status();
    void publish() { d_state.publish(d_filter.info()); }

    void measure_room();
    void make_hop_buffer();
    void give_up(const std::string &reason);
    void begin_stream();
    void go_on_with_stream();

    /* Whether the filter reads and writes GNU Radio's buffers. */
    bool direct() const { return d_state.hop() <= d_room && d_hop_buffer.empty(); }
    uint64_t kept(uint64_t n) const;
    int room_for(int n_out) const;
    bool next_is_certain() const;
    int wanted_by_phase() const;
    int withhold_last(const gr_vector_void_star &out, int n_given);
    void mark_tap_change(int n_given);
    int run(const work_call &call);
    int look_for_stream(const work_call &call);
    void point_at(const work_items &items);
    void filter_hops(work_items &items, int end);
    void filter_all(work_items &items, int end);
    std::size_t
    obey_tags(const std::vector<control_tag> &tags, std::size_t first, const work_items &items);
    void warn_of_malformed_tags(int n);
    int filter_directly(const work_call &call);
    int filter_by_hop_buffer(const work_call &call);
    bool filter_gathered();
    void finish_gathered();
    void begin_tail();
    void wait_for_input();
    int give(const work_call &call, int given);

    const std::size_t d_sample_size;
    const bool d_flush;
    filter_handle d_filter;
    published_state d_state;
    int d_threads;
    int d_largest_batch; /* samples in; what our buffers are made for, and the bound of every hop */
    buffer_plan d_plan;
    bool d_running = false; /* under d_taps_mutex */

    /* The working thread's. */
    std::weak_ptr<block_detail> d_detail; /* of the stream that the filter is in */
    phase d_phase = phase::filtering;
    batch_size d_batch_size;
    bool d_change_unmarked = false;
    control_tags d_control;
    tag_propagation d_propagation;
    int d_room = 0; /* samples in that every buffer and limit around us can take or give at once */
    std::vector<const void *> d_in; /* a pointer for each input, for the filter */
    std::vector<void *> d_out;      /* and for each output */
    hop_buffer d_hop_buffer;        /* has memory where d_room is less than a hop may be */
    withheld_sample d_withheld;
};

} // namespace oaconv
} // namespace gr

#endif
