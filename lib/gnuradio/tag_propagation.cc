/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tags on their way from inputs to outputs. */
#include "tag_propagation.h"

#include <gnuradio/block_detail.h>

#include <algorithm>

namespace gr
{
namespace oaconv
{

void tag_propagation::count_from(std::uint64_t n_in, std::uint64_t n_out)
{
    d_n_in = n_in;
    d_n_out = n_out;
}

void tag_propagation::start(block &owner)
{
    d_policy = owner.tag_propagation_policy();
    owner.set_tag_propagation_policy(block::TPP_CUSTOM);
}

void tag_propagation::take_over_policy(block &owner)
{
    const auto policy = owner.tag_propagation_policy();
    if (policy == block::TPP_CUSTOM)
        return;
    d_policy = policy;
    owner.set_tag_propagation_policy(block::TPP_CUSTOM);
}

void tag_propagation::stop(block &owner)
{
    take_over_policy(owner);
    owner.set_tag_propagation_policy(d_policy);
}

/* Samples of the stream that have been read. */
std::uint64_t tag_propagation::n_in(const block &owner) const
{
    return d_n_in + owner.detail()->nitems_read(0);
}

/* The sample that a tag on sample n moves to, both in the stream's count. A flush stays with the
 * last sample that it lets out: there is none behind it. */
std::uint64_t tag_propagation::destination(const tag_t &tag, std::uint64_t n) const
{
    static const pmt::pmt_t flush = pmt::mp("flush");
    const std::uint64_t D = d_decimation;
    return pmt::eq(tag.key, flush) ? n / D : (2 * n + D) / (2 * D);
}

void tag_propagation::put(block &owner, waiting &what) const
{
    const bool to_all = d_policy == block::TPP_ALL_TO_ALL;
    what.tag.offset = what.to - d_n_out;
    const unsigned end = to_all ? unsigned(owner.detail()->noutputs()) : what.port + 1;
    for (unsigned m = to_all ? 0 : what.port; m < end; m++)
        owner.detail()->add_item_tag(m, what.tag);
}

/* Those that belong to the first n_out samples. */
void tag_propagation::put_until(block &owner, std::uint64_t n_out)
{
    const auto left = std::remove_if(d_waiting.begin(), d_waiting.end(), [&](waiting &what) {
        if (what.to >= n_out)
            return false;
        put(owner, what);
        return true;
    });
    d_waiting.erase(left, d_waiting.end());
}

void tag_propagation::pass(block &owner, int begin, int end, int hop, int n_gathered)
{
    static const pmt::pmt_t taps = pmt::mp("taps");
    if (d_policy != block::TPP_ONE_TO_ONE && d_policy != block::TPP_ALL_TO_ALL)
        return;
    const block_detail_sptr detail = owner.detail();
    for (unsigned port = 0; port < unsigned(detail->ninputs()); port++) {
        const std::uint64_t next = detail->nitems_read(port), first = next + std::uint64_t(begin);
        detail->get_tags_in_range(
            d_tags, port, first, next + std::uint64_t(end), owner.unique_id());
        for (const tag_t &tag : d_tags) {
            if (pmt::eq(tag.key, taps) && d_is_consumed(tag.value))
                continue;
            const std::uint64_t of_hop =
                (tag.offset - first + std::uint64_t(n_gathered)) % std::uint64_t(hop);
            const std::uint64_t n = d_n_in + tag.offset, of_hop_first = kept(n - of_hop);
            d_waiting.push_back(
                {port, tag, of_hop_first, std::max(of_hop_first, destination(tag, n))});
        }
    }
    expect(owner, end);
}

void tag_propagation::expect(block &owner, int n)
{
    if (!d_waiting.empty())
        put_until(owner, kept(n_in(owner) + std::uint64_t(n)));
}

void tag_propagation::flush(block &owner, int n)
{
    end(owner, kept(n_in(owner) + std::uint64_t(n)));
}

void tag_propagation::end(block &owner, std::uint64_t n_out)
{
    for (waiting &what : d_waiting)
        if (what.first < n_out)
            what.to = std::min(what.to, n_out - 1);
    put_until(owner, n_out);
}

} // namespace oaconv
} // namespace gr
