/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows in memory as the library takes them: floats or doubles. */
#include "buffers.h"

#include <cstring>

namespace oac_test
{

Buffers::Buffers(oaconv_precision precision, const Rows &rows)
    : d_size(precision == OAC_DOUBLE ? sizeof(double) : sizeof(float))
{
    for (size_t m = 0; m < rows.size(); m++) {
        d_bytes.emplace_back(rows[m].size() * d_size);
        for (size_t i = 0; i < rows[m].size(); i++)
            set(m, i, rows[m][i]);
    }
}

void Buffers::set(size_t m, size_t i, double value)
{
    const float rounded = static_cast<float>(value);
    std::memcpy(
        at(m, i), d_size == sizeof value ? static_cast<const void *>(&value) : &rounded, d_size);
}

void Buffers::fill(double value)
{
    for (size_t m = 0; m < d_bytes.size(); m++)
        for (size_t i = 0; i < d_bytes[m].size() / d_size; i++)
            set(m, i, value);
}

std::vector<void *> Buffers::pointers(size_t i)
{
    std::vector<void *> list;
    for (size_t m = 0; m < d_bytes.size(); m++)
        list.push_back(at(m, i));
    return list;
}

template <typename T>
static Row read(const std::vector<char> &bytes)
{
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty())
        std::memcpy(values.data(), bytes.data(), bytes.size());
    return Row(values.begin(), values.end());
}

Rows Buffers::rows() const
{
    Rows list;
    for (const std::vector<char> &bytes : d_bytes)
        list.push_back(d_size == sizeof(double) ? read<double>(bytes) : read<float>(bytes));
    return list;
}

TapRows::TapRows(Type type, const Rows &taps) : d_taps(type.precision, taps)
{
    for (size_t m = 0; m < taps.size(); m++)
        d_rows.push_back({d_taps.at(m), taps[m].size() / tap_width(type)});
}

} // namespace oac_test
