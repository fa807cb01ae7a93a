/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows in memory as the library takes them: floats or doubles. */
#include "buffers.h"

#include <cstring>

namespace oac_test
{

template <typename T>
static std::vector<char> write(const Row &row)
{
    const std::vector<T> values(row.begin(), row.end());
    const char *bytes = reinterpret_cast<const char *>(values.data());
    return {bytes, bytes + values.size() * sizeof(T)};
}

template <typename T>
static Row read(const std::vector<char> &bytes)
{
    const T *values = reinterpret_cast<const T *>(bytes.data());
    return {values, values + bytes.size() / sizeof(T)};
}

Buffers::Buffers(oaconv_precision precision, const Rows &rows)
    : d_size(precision == OAC_DOUBLE ? sizeof(double) : sizeof(float))
{
    for (const Row &row : rows)
        d_bytes.push_back(precision == OAC_DOUBLE ? write<double>(row) : write<float>(row));
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
