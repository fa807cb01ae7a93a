/* SPDX-License-Identifier: GPL-3.0-or-later
 * Tags that tell the filter to do something at their sample. */
#ifndef INCLUDED_OACONV_CONTROL_TAGS_H
#define INCLUDED_OACONV_CONTROL_TAGS_H

#include <gnuradio/tags.h>
#include <pmt/pmt.h>

#include <cstdint>
#include <vector>

namespace gr
{

class block;

namespace oaconv
{

/* A value that a filter of ours puts into its own tag `taps`: the count of its changes. */
bool is_notice(const pmt::pmt_t &value);

struct control_tag {
    enum class kind { taps, flush };
    kind what;
    int channel;
    std::uint64_t at; /* samples between the next unread one and the tagged one */
    pmt::pmt_t value;

    /* How many unread samples lie before the point where the tag acts: new taps before their
     * sample, a flush behind it. */
    std::uint64_t border() const { return what == kind::flush ? at + 1 : at; }
};

/* Finds control tags among the unread samples of a running block. They act at their own sample,
 * whatever delay the block has declared for tags that pass. One thread; allocates only where there
 * are tags. */
class control_tags
{
public:
    /* is_row: whether a value is a row of taps for this filter. */
    explicit control_tags(bool (*is_row)(const pmt::pmt_t &)) : d_is_row(is_row) {}

    /* The indices of samples begin anew. */
    void restart();

    /* Those of the next n samples of all ports, by border, and of one border by port and in the
     * order in which they were put there. Valid until the next call. */
    const std::vector<control_tag> &among_next(const block &owner, std::uint64_t n);

    /* Tags `taps` of the same samples whose value is no row of taps. */
    const std::vector<control_tag> &malformed() const { return d_malformed; }

    /* New taps behind `border` unread samples are in force: do not find them again. */
    void obeyed(const block &owner, std::uint64_t border);

    /* The first border behind at least one sample and among the next n; 0: there is none. For
     * being asked again while samples trickle in: looks at new ones only. A tag may come later
     * than its sample, so with `again` looks at all of them when none is new. */
    std::uint64_t first_border(const block &owner, std::uint64_t n, bool again);

private:
    void find(const block &owner, std::uint64_t begin, std::uint64_t end);

    bool (*d_is_row)(const pmt::pmt_t &);
    std::vector<tag_t> d_tags;
    std::vector<control_tag> d_found, d_malformed;
    /* Indices of samples as input 0 counts them. */
    std::uint64_t d_obeyed_until = 0;             /* taps tagged before have been obeyed */
    std::uint64_t d_seen_until = 0, d_border = 0; /* what first_border() has looked at and found */
};

} // namespace oaconv
} // namespace gr

#endif
