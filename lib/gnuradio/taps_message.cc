/* SPDX-License-Identifier: GPL-3.0-or-later
 * New taps as messages and tags bring them. */
#include "taps_message.h"

#include <gnuradio/gr_complex.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace gr
{
namespace oaconv
{

namespace
{

template <class TAP>
constexpr bool is_complex = std::is_same_v<TAP, gr_complex>;

bool finite(float value)
{
    return std::isfinite(value);
}

bool finite(gr_complex value)
{
    return std::isfinite(value.real()) && std::isfinite(value.imag());
}

/* NULL for other values. */
const char *type_of_uniform_vector(const pmt::pmt_t &value)
{
    using is = bool (*)(pmt::pmt_t);
    constexpr std::pair<is, const char *> types[] = {{pmt::is_u8vector, "u8"},
                                                     {pmt::is_s8vector, "s8"},
                                                     {pmt::is_u16vector, "u16"},
                                                     {pmt::is_s16vector, "s16"},
                                                     {pmt::is_u32vector, "u32"},
                                                     {pmt::is_s32vector, "s32"},
                                                     {pmt::is_u64vector, "u64"},
                                                     {pmt::is_s64vector, "s64"},
                                                     {pmt::is_f32vector, "f32"},
                                                     {pmt::is_f64vector, "f64"},
                                                     {pmt::is_c32vector, "c32"},
                                                     {pmt::is_c64vector, "c64"}};
    for (const auto &[is_type, name] : types)
        if (is_type(value))
            return name;
    return nullptr;
}

/* The type of a uniform vector or of what has parts, which may lie deeper in each other than the
 * stack is; any other value as text in one line, if long its beginning. */
std::string shown(const pmt::pmt_t &value)
{
    constexpr std::size_t enough = 40;
    if (const char *type = type_of_uniform_vector(value))
        return std::string(type) + " vector";
    if (pmt::is_vector(value))
        return "a vector of " + std::to_string(pmt::length(value)) + " values";
    if (pmt::is_tuple(value))
        return "a tuple of " + std::to_string(pmt::length(value)) + " values";
    if (pmt::is_pair(value))
        return "a pair or list";
    std::string text = pmt::write_string(value);
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c); }, ' ');
    return text.size() <= enough ? text : text.substr(0, enough) + "...";
}

/* Whether use(items, how many) is called: not for other types of items, nor for complex ones where
 * the taps are real. */
template <class TAP, class USE>
bool with_items(const pmt::pmt_t &value, USE use)
{
    std::size_t n = pmt::is_uniform_vector(value) ? pmt::length(value) : 0;
    if (pmt::is_f32vector(value))
        use(pmt::f32vector_elements(value, n), n);
    else if (pmt::is_f64vector(value))
        use(pmt::f64vector_elements(value, n), n);
    else if constexpr (!is_complex<TAP>)
        return false;
    else if (pmt::is_c32vector(value))
        use(pmt::c32vector_elements(value, n), n);
    else if (pmt::is_c64vector(value))
        use(pmt::c64vector_elements(value, n), n);
    else
        return false;
    return true;
}

int channel_of(const pmt::pmt_t &value, int n_channels)
{
    if (!pmt::is_integer(value) && !pmt::is_uint64(value))
        throw std::invalid_argument("the channel is " + shown(value) + "; expected an integer");
    const bool exists = pmt::is_integer(value)
                            ? pmt::to_long(value) >= 0 && pmt::to_long(value) < n_channels
                            : pmt::to_uint64(value) < std::uint64_t(n_channels);
    if (!exists)
        throw std::invalid_argument("channel " + shown(value) + " does not exist; there are " +
                                    std::to_string(n_channels) + ", counted from 0");
    return int(pmt::is_integer(value) ? pmt::to_long(value) : long(pmt::to_uint64(value)));
}

template <class TAP>
taps_message<TAP> row_of_channel(const pmt::pmt_t &channel, const pmt::pmt_t &row, int n_channels)
{
    const int m = channel_of(channel, n_channels);
    return {m, {parse_row<TAP>(row, "the row of channel " + std::to_string(m))}};
}

template <class TAP>
taps_message<TAP> rows_of_all(const pmt::pmt_t &rows, int n_channels)
{
    const std::size_t n_rows = pmt::length(rows);
    if (n_rows != 1 && n_rows != std::size_t(n_channels))
        throw std::invalid_argument(std::to_string(n_rows) + " rows of taps for " +
                                    std::to_string(n_channels) + " channels; expected 1 or " +
                                    std::to_string(n_channels));
    taps_message<TAP> all;
    for (std::size_t m = 0; m < n_rows; m++)
        all.rows.push_back(
            parse_row<TAP>(pmt::vector_ref(rows, m), "taps row " + std::to_string(m)));
    return all;
}

} // namespace

template <class TAP>
bool is_row(const pmt::pmt_t &value)
{
    bool good = false;
    with_items<TAP>(value, [&](const auto *items, std::size_t n) {
        good = n > 0 && std::all_of(items, items + n, [](auto item) {
                   return finite(static_cast<TAP>(item));
               });
    });
    return good;
}

template <class TAP>
std::vector<TAP> parse_row(const pmt::pmt_t &value, const std::string &place)
{
    std::vector<TAP> row;
    const bool usable = with_items<TAP>(
        value, [&](const auto *items, std::size_t n) { row.assign(items, items + n); });
    if (!usable)
        throw std::invalid_argument(
            place + " is " + shown(value) + "; expected a vector of " +
            (is_complex<TAP> ? "f32, f64, c32 or c64" : "f32 or f64, this filter takes real taps"));
    if (row.empty())
        throw std::invalid_argument(place + " is empty; expected at least one tap");
    for (std::size_t i = 0; i < row.size(); i++)
        if (!finite(row[i]))
            throw std::invalid_argument(place + ", tap " + std::to_string(i) +
                                        " is NaN or infinite in single precision; expected "
                                        "finite taps");
    return row;
}

template <class TAP>
taps_message<TAP> parse_taps_message(const pmt::pmt_t &message, int n_channels)
{
    if (pmt::is_vector(message))
        return rows_of_all<TAP>(message, n_channels);
    if (pmt::is_dict(message)) {
        const pmt::pmt_t taps = pmt::dict_ref(message, pmt::mp("taps"), pmt::PMT_NIL);
        const pmt::pmt_t channel = pmt::dict_ref(message, pmt::mp("channel"), pmt::PMT_NIL);
        if (!pmt::is_null(channel))
            return row_of_channel<TAP>(channel, taps, n_channels);
        if (pmt::is_vector(taps))
            return rows_of_all<TAP>(taps, n_channels);
        throw std::invalid_argument("`taps` of a dict without `channel` is " + shown(taps) +
                                    "; expected a vector of rows");
    }
    if (pmt::is_pair(message))
        return row_of_channel<TAP>(pmt::car(message), pmt::cdr(message), n_channels);
    throw std::invalid_argument("it is " + shown(message) +
                                "; expected a vector of rows, (channel . row), or a dict with "
                                "`taps` and perhaps `channel`");
}

template bool is_row<float>(const pmt::pmt_t &);
template bool is_row<gr_complex>(const pmt::pmt_t &);
template std::vector<float> parse_row(const pmt::pmt_t &, const std::string &);
template std::vector<gr_complex> parse_row(const pmt::pmt_t &, const std::string &);
template taps_message<float> parse_taps_message(const pmt::pmt_t &, int);
template taps_message<gr_complex> parse_taps_message(const pmt::pmt_t &, int);

} // namespace oaconv
} // namespace gr
