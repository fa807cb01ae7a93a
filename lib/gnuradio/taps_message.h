/* SPDX-License-Identifier: GPL-3.0-or-later
 * New taps as messages and tags bring them. */
#ifndef INCLUDED_OACONV_TAPS_MESSAGE_H
#define INCLUDED_OACONV_TAPS_MESSAGE_H

#include <pmt/pmt.h>

#include <optional>
#include <string>
#include <vector>

namespace gr
{
namespace oaconv
{

template <class TAP>
struct taps_message {
    std::optional<int> channel; /* none: the rows are for all channels */
    std::vector<std::vector<TAP>> rows;
};

/* Whether a value is a row of taps for a filter whose taps are of type float or gr_complex: a
 * uniform vector that is not empty, of numbers that are finite in single precision. */
template <class TAP>
bool is_row(const pmt::pmt_t &value);

/* The row in single precision. Throws std::invalid_argument where it is none: the place, what is
 * wrong, what was expected. */
template <class TAP>
std::vector<TAP> parse_row(const pmt::pmt_t &value, const std::string &place);

/* Understands a vector of rows, (channel . row), and dicts with `taps` and perhaps `channel`.
 * Throws as parse_row(). */
template <class TAP>
taps_message<TAP> parse_taps_message(const pmt::pmt_t &message, int n_channels);

} // namespace oaconv
} // namespace gr

#endif
