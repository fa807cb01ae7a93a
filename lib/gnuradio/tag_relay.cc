/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tags on their way from inputs to outputs. */
#include "tag_relay.h"

#include <gnuradio/block_detail.h>

#include <algorithm>

namespace gr
{
namespace oaconv
{

void tag_relay::count_from(std::uint64_t n_in, std::uint64_t n_out)
{
    d_n_in = n_in;
    d_n_out = n_out;
}

void tag_relay::start(block &owner)
{
    d_policy = owner.tag_propagation_policy();
    owner.set_tag_propagation_policy(block::TPP_CUSTOM);
}

void tag_relay::take_over_policy(block &owner)
{
    const auto policy = owner.tag_propagation_policy();
    if (policy == block::TPP_CUSTOM)
        return;
    d_policy = policy;
    owner.set_tag_propagation_policy(block::TPP_CUSTOM);
}

void tag_relay::stop(block &owner)
{
    take_over_policy(owner);
    owner.set_tag_propagation_policy(d_policy);
}

/* The output sample that the tag moves to, in the runtime's count; its hop begins at that sample of
 * the stream. A flush stays with the last sample that it lets out: there is none behind it. */
std::uint64_t tag_relay::destination(const tag_t &tag, std::uint64_t hop_begin) const
{
    static const pmt::pmt_t flush = pmt::mp("flush");
    const std::uint64_t D = d_decimation, n = d_n_in + tag.offset;
    const std::uint64_t moved = pmt::eq(tag.key, flush) ? n / D : (2 * n + D) / (2 * D);
    return std::max(moved, (hop_begin + D - 1) / D) - d_n_out;
}

void tag_relay::pass(block &owner, int begin, int end, int hop, int n_gathered)
{
    static const pmt::pmt_t taps = pmt::mp("taps");
    if (d_policy != block::TPP_ONE_TO_ONE && d_policy != block::TPP_ALL_TO_ALL)
        return;
    const bool to_all = d_policy == block::TPP_ALL_TO_ALL;
    const block_detail_sptr detail = owner.detail();
    const unsigned n_ports = unsigned(detail->ninputs());
    for (unsigned port = 0; port < n_ports; port++) {
        const std::uint64_t next = detail->nitems_read(port), first = next + std::uint64_t(begin);
        detail->get_tags_in_range(
            d_tags, port, first, next + std::uint64_t(end), owner.unique_id());
        for (tag_t &tag : d_tags) {
            if (pmt::eq(tag.key, taps) && d_is_consumed(tag.value))
                continue;
            const std::uint64_t of_hop =
                (tag.offset - first + std::uint64_t(n_gathered)) % std::uint64_t(hop);
            tag.offset = destination(tag, d_n_in + tag.offset - of_hop);
            for (unsigned m = to_all ? 0 : port; m < (to_all ? n_ports : port + 1); m++)
                detail->add_item_tag(m, tag);
        }
    }
}

} // namespace oaconv
} // namespace gr
