/* SPDX-License-Identifier: GPL-3.0-or-later
 * Forecast and work: the walk of the samples through the block. */
#include "work_loop.h"

#include "end_of_input.h"

#include <algorithm>
#include <chrono>
#include <thread>

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

} // namespace

int work_loop::work_call::n_available() const
{
    return *std::min_element(n_in.begin(), n_in.end());
}

/* How many samples to ask for, were there no tags and no end; 0: there is work without any. */
int work_loop::wanted_by_phase() const
{
    const int hop = d_state.hop();
    int wanted = 0;
    if (d_phase == phase::again)
        wanted = 1;
    else if (d_phase == phase::filtering && direct())
        wanted = d_batch_size.batch(hop, d_room, batch_size::clock::now());
    else if (d_phase == phase::filtering && d_hop_buffer.n_ready() == 0)
        wanted = std::clamp(hop - int(d_hop_buffer.n_gathered()), 1, d_room);
    /* With the next sample that gives one, it is clear where the tag belongs. */
    if (d_withheld.count() > 0)
        wanted = std::min(wanted, room_for(0) + 1 - int(d_hop_buffer.n_gathered()));
    return wanted;
}

void work_loop::forecast(int n_output_items, gr_vector_int &n_required)
{
    int wanted = wanted_by_phase();
    if (wanted == 0) {
        std::fill(n_required.begin(), n_required.end(), 0);
        return;
    }
    const inputs_state inputs = look_at_inputs(*this, d_n_inputs);
    if (inputs.n_available < wanted) {
        const bool last_try = n_output_items <= output_multiple();
        const uint64_t border =
            d_control.first_border(*this, uint64_t(inputs.n_available), last_try);
        wanted = border ? int(border) : wanted;
    }
    wanted = inputs.n_left < 0 ? wanted : int(std::min<long>(wanted, inputs.n_left));
    std::fill(n_required.begin(), n_required.end(), wanted);
    /* Of a flagged buffer the scheduler knew less a moment ago, perhaps, and to ask for more than
     * it knew would end us: general_work() sees what there is. */
    const bool flagged = inputs.n_left >= 0 || inputs.sibling_ended;
    for (int m = 0; flagged && m < d_n_inputs; m++)
        if (look_at_input(*this, m).flagged_done)
            n_required[m] = 0;
}

int work_loop::general_work(int n_output_items,
                            gr_vector_int &n_input_items,
                            gr_vector_const_void_star &in,
                            gr_vector_void_star &out)
{
    d_propagation.take_over_policy(*this);
    if (d_phase == phase::filtering) {
        swap_taps();
        if (d_change_unmarked)
            mark_tap_change(d_withheld.count());
    }
    const int withheld = d_withheld.put(out.data());
    const int n_out = run({n_output_items, n_input_items, in, out, withheld});
    const int result = withhold_last(out, n_out);
    publish();
    const int multiple = d_phase == phase::filtering && direct() ? d_state.hop() / d_decimation : 1;
    if (multiple != output_multiple())
        set_output_multiple(multiple);
    return result;
}

int work_loop::run(const work_call &call)
{
    switch (d_phase) {
    case phase::filtering:
        return direct() ? filter_directly(call) : filter_by_hop_buffer(call);
    case phase::tail:
        return give(call, call.given);
    case phase::again:
        return look_for_stream(call);
    case phase::done:
        break;
    }
    return WORK_DONE;
}

/* After the end of a stream and a change of the graph: is there another stream? */
int work_loop::look_for_stream(const work_call &call)
{
    if (look_at_inputs(*this, d_n_inputs).n_left == 0) {
        d_phase = phase::done;
        return WORK_DONE;
    }
    if (call.n_available() == 0)
        wait_for_input();
    else
        begin_stream();
    return 0;
}

/* The next sample to come out is the first that meets the new taps; n_given are out already in this
 * call of work. */
void work_loop::mark_tap_change(int n_given)
{
    const uint64_t ahead = uint64_t(n_given) + d_hop_buffer.n_ready();
    for (int m = 0; m < d_n_outputs; m++)
        add_item_tag(unsigned(m),
                     nitems_written(unsigned(m)) + ahead,
                     pmt::mp("taps"),
                     pmt::from_uint64(d_state.tap_changes()),
                     alias_pmt());
    d_change_unmarked = false;
}

/* Whether what has been taken gives a sample that is still to come out. */
bool work_loop::next_is_certain() const
{
    return int(d_hop_buffer.n_gathered()) > room_for(0) || d_hop_buffer.n_ready() > 0;
}

/* Takes the last of the n_given samples that end at `out` back while a tag may belong to it: until
 * there is a later one, or the stream is over. Returns how many are left. */
int work_loop::withhold_last(const gr_vector_void_star &out, int n_given)
{
    if (n_given <= 0 || d_phase != phase::filtering || !d_propagation.waits() || next_is_certain())
        return n_given;
    d_withheld.take_back(out.data());
    return n_given - 1;
}

/* Samples that come out for the first n of the stream. */
uint64_t work_loop::kept(uint64_t n) const
{
    return (n + uint64_t(d_decimation) - 1) / uint64_t(d_decimation);
}

/* The most samples in for which n_out samples out are room enough, in one call. */
int work_loop::room_for(int n_out) const
{
    const uint64_t n = d_filter.info().n_samples;
    const uint64_t room = (kept(n) + uint64_t(n_out)) * uint64_t(d_decimation) - n;
    return int(std::min(room, uint64_t(d_largest_batch)));
}

/* Points d_in and d_out behind what has been filtered. */
void work_loop::point_at(const work_items &items)
{
    for (std::size_t m = 0; m < d_in.size(); m++)
        d_in[m] =
            static_cast<const char *>(items.in[m]) + std::size_t(items.n_taken) * d_sample_size;
    for (std::size_t m = 0; m < d_out.size(); m++)
        d_out[m] = static_cast<char *>(items.out[m]) + std::size_t(items.n_given) * d_sample_size;
}

/* Filters what is whole hops of the samples up to `end`. */
void work_loop::filter_hops(work_items &items, int end)
{
    const int n = (end - items.n_taken) / d_state.hop() * d_state.hop();
    const std::size_t n_out = d_filter.output_length(std::size_t(n));
    point_at(items);
    d_filter.process(d_in.data(), d_out.data(), std::size_t(n));
    items.n_taken += n;
    items.n_given += int(n_out);
}

/* Filters all samples up to `end`, with a border behind the last. */
void work_loop::filter_all(work_items &items, int end)
{
    filter_hops(items, end);
    const std::size_t n = std::size_t(end - items.n_taken), n_out = d_filter.output_length(n);
    point_at(items);
    d_filter.finish(d_in.data(), d_out.data(), n);
    items.n_taken = end;
    items.n_given += int(n_out);
}

/* All samples before the border of tag `first` have been filtered, and tags on them passed: obeys
 * all tags of that border, and returns the number of the next. A flush asks for no more than the
 * border, and that no tag waits there. */
std::size_t work_loop::obey_tags(const std::vector<control_tag> &tags,
                                 std::size_t first,
                                 const work_items &items)
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
void work_loop::warn_of_malformed_tags(int n)
{
    for (const control_tag &tag : d_control.malformed())
        if (tag.at < uint64_t(n))
            try {
                check_row(tag);
            } catch (const std::exception &error) {
                warn("tag taps ignored", error.what());
            }
}

/* The stream has been filtered to its end: what is still to come out is the tail. */
void work_loop::begin_tail()
{
    const std::size_t n_tail = d_flush ? d_filter.tail_length() : 0;
    d_phase = phase::tail;
    d_propagation.end(*this, kept(d_filter.info().n_samples) + n_tail);
}

int work_loop::filter_directly(const work_call &call)
{
    const int n_available = call.n_available();
    const int n = std::min(n_available, room_for(call.n_out - call.given));
    /* A sample that is withheld may leave no room, but what comes next decides about it. */
    const int n_seen = call.given ? std::max(n, std::min(n_available, d_decimation)) : n;
    const std::vector<control_tag> &tags = d_control.among_next(*this, uint64_t(n_seen));
    work_items items{call.in.data(), call.out.data(), 0, call.given};
    std::size_t i = 0;
    while (i < tags.size() && tags[i].border() <= uint64_t(n) && direct()) {
        const int begin = items.n_taken;
        filter_all(items, int(tags[i].border()));
        d_propagation.pass(*this, begin, items.n_taken, d_state.hop());
        i = obey_tags(tags, i, items);
    }
    const int begin = items.n_taken;
    if (direct())
        filter_hops(items, n);
    bool over = false;
    if (items.n_taken > 0) {
        d_batch_size.filtered(items.n_taken, batch_size::clock::now());
    } else if (direct()) { /* else the tags behind the first one are for the hop buffer */
        const long left = look_at_inputs(*this, d_n_inputs).n_left;
        over = left >= 0 && left <= n;
        if (over)
            filter_all(items, int(left));
        else
            wait_for_input();
    }
    d_propagation.pass(*this, begin, items.n_taken, d_state.hop());
    d_propagation.expect(*this, before_flush(tags, i, n_seen));
    if (over)
        begin_tail();
    warn_of_malformed_tags(items.n_taken);
    consume_each(items.n_taken);
    return give(call, items.n_given);
}

int work_loop::filter_by_hop_buffer(const work_call &call)
{
    if (d_hop_buffer.n_ready() == 0) {
        const int missing = std::max(d_state.hop() - int(d_hop_buffer.n_gathered()), 0);
        int n = std::min(missing, call.n_available());
        const std::vector<control_tag> &tags = d_control.among_next(*this, uint64_t(n));
        const bool at_border = !tags.empty();
        if (at_border)
            n = int(tags.front().border());
        d_propagation.pass(*this, 0, n, d_state.hop(), int(d_hop_buffer.n_gathered()));
        d_hop_buffer.gather(call.in.data(), std::size_t(n));
        if (at_border) {
            finish_gathered();
            const work_items counts{nullptr, nullptr, n, call.given}; /* no samples are looked at */
            obey_tags(tags, 0, counts);
        }
        warn_of_malformed_tags(n);
        consume_each(n);
        if (!at_border && !filter_gathered() && n == 0)
            wait_for_input();
    }
    return give(call, call.given);
}

/* Whole hops, or what is left at the end of the stream; returns whether there was any of them. */
bool work_loop::filter_gathered()
{
    work_items items{d_hop_buffer.gathered(), d_hop_buffer.results()};
    filter_hops(items, int(d_hop_buffer.n_gathered()));
    d_hop_buffer.filtered(std::size_t(items.n_taken), std::size_t(items.n_given));
    if (items.n_taken > 0)
        return true;
    if (look_at_inputs(*this, d_n_inputs).n_left != 0)
        return false;
    finish_gathered();
    begin_tail();
    return true;
}

void work_loop::finish_gathered()
{
    work_items items{d_hop_buffer.gathered(), d_hop_buffer.results()};
    filter_all(items, int(d_hop_buffer.n_gathered()));
    d_hop_buffer.filtered(std::size_t(items.n_taken), std::size_t(items.n_given));
}

/* The scheduler called us with less than we need: more has arrived since, or another reader of our
 * input has ended. The latter gives no sign when the block above ends, so look again soon. */
void work_loop::wait_for_input()
{
    if (look_at_inputs(*this, d_n_inputs).sibling_ended)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

/* Hands over the `given` samples that are in out already, then what is ready or left of the tail.
 */
int work_loop::give(const work_call &call, int given)
{
    std::size_t room = std::size_t(call.n_out - given);
    const auto advance = [&](std::size_t n) {
        for (void *&row : call.out)
            row = static_cast<char *>(row) + n * d_sample_size;
    };
    advance(std::size_t(given));
    if (d_hop_buffer.n_ready() > 0) {
        const std::size_t n = std::min(room, d_hop_buffer.n_ready());
        d_hop_buffer.take(call.out.data(), n);
        advance(n);
        room -= n;
    }
    if (d_phase == phase::tail && d_hop_buffer.n_ready() == 0) {
        const std::size_t left = d_flush ? d_filter.tail_length() : 0, n = std::min(room, left);
        d_filter.read_tail(call.out.data(), n);
        room -= n;
        if (n == left)
            d_phase = phase::done;
    }
    const int n = call.n_out - int(room);
    return n == 0 && d_phase == phase::done ? WORK_DONE : n;
}

} // namespace oaconv
} // namespace gr
