/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tags that tell the filter to do something at their sample. */
#include "control_tags.h"

#include <gnuradio/block.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer_reader.h>

#include <algorithm>

namespace gr
{
namespace oaconv
{

namespace
{

std::uint64_t next_unread(const block &owner)
{
    return owner.detail()->input(0)->nitems_read();
}

} // namespace

bool is_notice(const pmt::pmt_t &value)
{
    return pmt::is_uint64(value);
}

void control_tags::restart()
{
    d_obeyed_until = d_seen_until = d_border = 0;
}

/* Puts those that lie on the unread samples begin to end, counted from the next, into d_found. */
void control_tags::find(const block &owner, std::uint64_t begin, std::uint64_t end)
{
    static const pmt::pmt_t taps = pmt::mp("taps"), flush = pmt::mp("flush");
    d_found.clear();
    d_malformed.clear();
    const std::uint64_t next = next_unread(owner);
    for (int m = 0; m < owner.detail()->ninputs(); m++) {
        const auto reader = owner.detail()->input(unsigned(m));
        /* The runtime adds the declared delay to the offsets it compares and returns. */
        const std::uint64_t origin = reader->nitems_read() + reader->sample_delay();
        reader->get_tags_in_range(d_tags, origin + begin, origin + end, owner.unique_id());
        for (const tag_t &tag : d_tags) {
            const std::uint64_t at = tag.offset - origin;
            if (pmt::eq(tag.key, flush))
                d_found.push_back({control_tag::kind::flush, m, at, tag.value});
            else if (!pmt::eq(tag.key, taps) || is_notice(tag.value))
                continue;
            else if (!d_is_row(tag.value))
                d_malformed.push_back({control_tag::kind::taps, m, at, tag.value});
            else if (next + at >= d_obeyed_until)
                d_found.push_back({control_tag::kind::taps, m, at, tag.value});
        }
    }
}

const std::vector<control_tag> &control_tags::among_next(const block &owner, std::uint64_t n)
{
    find(owner, 0, n);
    if (d_found.size() > 1)
        std::stable_sort(
            d_found.begin(), d_found.end(), [](const control_tag &a, const control_tag &b) {
                return a.border() < b.border();
            });
    return d_found;
}

void control_tags::obeyed(const block &owner, std::uint64_t border)
{
    d_obeyed_until = next_unread(owner) + border + 1;
}

std::uint64_t control_tags::first_border(const block &owner, std::uint64_t n, bool again)
{
    const std::uint64_t next = next_unread(owner), end = next + n;
    if (d_border > next)
        return d_border <= end ? d_border - next : 0;
    if (d_border > 0) /* it is behind us; what comes after it has not been kept */
        d_border = d_seen_until = 0;
    const bool news = end > d_seen_until;
    if (!news && !again)
        return 0;
    find(owner, news && d_seen_until > next ? d_seen_until - next : 0, n);
    d_seen_until = end;
    for (const control_tag &tag : d_found)
        if (tag.border() > 0 && (d_border == 0 || next + tag.border() < d_border))
            d_border = next + tag.border();
    return d_border ? d_border - next : 0;
}

} // namespace oaconv
} // namespace gr
