/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random signals and taps, and the kinds of filter that every test goes through. */
#include "signals.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace oac_test
{

size_t longest(oaconv_type type, const Rows &taps)
{
    size_t numbers = 0;
    for (const Row &row : taps)
        numbers = std::max(numbers, row.size());
    return numbers / tap_width(type);
}

double Random::sample(oaconv_precision precision)
{
    const uint32_t high = static_cast<uint32_t>(d_engine());
    if (precision == OAC_SINGLE)
        return static_cast<float>(high) / 2147483648.0f - 1.0f;
    return (high + static_cast<double>(d_engine()) / 4294967296.0) / 2147483648.0 - 1.0;
}

Row Random::row(oaconv_precision precision, size_t n, size_t width)
{
    Row row(n * width);
    for (double &value : row)
        value = sample(precision);
    return row;
}

Rows Random::signal(Type type, size_t n_channels, size_t n)
{
    Rows rows;
    for (size_t m = 0; m < n_channels; m++)
        rows.push_back(row(type.precision, n, sample_width(type)));
    return rows;
}

Rows Random::taps(Type type, const std::vector<size_t> &lengths)
{
    Rows rows;
    for (size_t n : lengths)
        rows.push_back(row(type.precision, n, tap_width(type)));
    return rows;
}

const std::vector<oaconv_type> &all_types()
{
    static const std::vector<oaconv_type> types{OAC_REAL, OAC_COMPLEX_REAL_TAPS, OAC_COMPLEX};
    return types;
}

static bool knows(const std::string &backend, oaconv_precision precision)
{
    return precision == OAC_SINGLE || backend == "volk" || backend == "direct";
}

std::vector<Kind> all_kinds()
{
    static const char *const names[] = {"fff", "ccf", "ccc"};
    std::vector<Kind> list;
    for (oaconv_precision precision : {OAC_SINGLE, OAC_DOUBLE})
        for (size_t i = 0; i < oaconv_backend_count(); i++) {
            const char *backend = oaconv_backend_name(i);
            if (!oaconv_backend_usable(i, nullptr) || !knows(backend, precision))
                continue;
            for (oaconv_type type : all_types())
                list.push_back({{type, precision},
                                backend,
                                say(backend, " ", names[type], precision ? " double" : "")});
        }
    return list;
}

std::vector<Kind> kinds()
{
    const char *backend = std::getenv("OAC_TEST_BACKEND");
    const char *precision = std::getenv("OAC_TEST_PRECISION");
    std::vector<Kind> list;
    for (const Kind &kind : all_kinds())
        if ((!backend || !std::strcmp(backend, kind.backend)) &&
            (!precision ||
             (kind.type.precision == OAC_DOUBLE) == !std::strcmp(precision, "double")))
            list.push_back(kind);
    return list;
}

std::vector<Kind> cpu_kinds()
{
    std::vector<Kind> list = kinds();
    const auto is_gpu = [](const Kind &kind) { return std::string(kind.backend) == "cuda"; };
    list.erase(std::remove_if(list.begin(), list.end(), is_gpu), list.end());
    return list;
}

std::vector<Kind> kinds_of(const std::string &backend)
{
    std::vector<Kind> list;
    for (const Kind &kind : kinds())
        if (kind.backend == backend)
            list.push_back(kind);
    return list;
}

const std::vector<ShortHop> &short_hops()
{
    static const std::vector<ShortHop> list{{1, 600},
                                            {7, 1500},
                                            {16, 337},
                                            {16, 1000},
                                            {20, 6000},
                                            {64, 3000},
                                            {250, 500},
                                            {250, 501},
                                            {250, 3000},
                                            {256, 500},
                                            {300, 700}};
    return list;
}

} // namespace oac_test
