/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tags on their way from inputs to outputs. */
#ifndef INCLUDED_OACONV_TAG_PROPAGATION_H
#define INCLUDED_OACONV_TAG_PROPAGATION_H

#include <gnuradio/block.h>

#include <cstdint>
#include <vector>

namespace gr
{
namespace oaconv
{

/* Passes tags on in the runtime's place, which knows neither tags that end here nor samples that
 * were taken before its count began anew. With decimation, a tag on sample n of the stream moves to
 * round(n / D), as the runtime does it, but not to a sample that came out with an earlier hop, and
 * may be gone. Where round(n / D) is the sample behind the last that has been computed, the tag
 * waits: if the stream ends there, or is flushed, it belongs to that last one. One thread. */
class tag_propagation
{
public:
    /* is_consumed: whether a tag `taps` of that value ends here. */
    tag_propagation(int decimation, bool (*is_consumed)(const pmt::pmt_t &))
        : d_decimation(std::uint64_t(decimation)), d_is_consumed(is_consumed)
    {
    }

    /* While running, the runtime is to leave tags to us, whatever the user sets; what that is
     * decides how they are passed. */
    void start(block &owner);
    void forget() { d_waiting.clear(); } /* the tags that wait: another stream begins */
    void take_over_policy(block &owner);
    void stop(block &owner); /* gives the user's policy back */

    /* The runtime's count of samples begins anew: the stream has had n_in, and n_out of what they
     * give have come out. */
    void count_from(std::uint64_t n_in, std::uint64_t n_out);

    /* The tags on the unread samples begin .. end - 1 of every input. At sample `begin` a hop
     * begins, or n_gathered samples of it have been taken before. */
    void pass(block &owner, int begin, int end, int hop, int n_gathered = 0);

    /* Of the samples that every input holds, the first n are certain to be filtered: passes on the
     * tags that waited for what they give. */
    void expect(block &owner, int n);

    /* Behind the next n unread samples there is a flush: no tag on them waits for what follows. */
    void flush(block &owner, int n);

    /* The stream gives n_out samples in all. */
    void end(block &owner, std::uint64_t n_out);

    /* Whether a tag waits. */
    bool waits() const { return !d_waiting.empty(); }

private:
    struct waiting {
        unsigned port;
        tag_t tag;
        std::uint64_t first, to; /* samples out of the stream: of the tag's hop, of the tag */
    };

    std::uint64_t destination(const tag_t &tag, std::uint64_t n) const;
    std::uint64_t kept(std::uint64_t n) const { return (n + d_decimation - 1) / d_decimation; }
    std::uint64_t n_in(const block &owner) const;
    void put(block &owner, waiting &what) const;
    void put_until(block &owner, std::uint64_t n_out);

    std::uint64_t d_decimation;
    bool (*d_is_consumed)(const pmt::pmt_t &);
    block::tag_propagation_policy_t d_policy = block::TPP_ONE_TO_ONE;
    std::uint64_t d_n_in = 0, d_n_out = 0;
    std::vector<tag_t> d_tags;
    std::vector<waiting> d_waiting;
};

} // namespace oaconv
} // namespace gr

#endif
