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
    size_t floats = 0;
    for (const Row &row : taps)
        floats = std::max(floats, row.size());
    return floats / tap_width(type);
}

Row Random::row(size_t n, size_t width)
{
    Row row(n * width);
    for (float &value : row)
        value = sample();
    return row;
}

Rows Random::signal(oaconv_type type, size_t n_channels, size_t n)
{
    Rows rows;
    for (size_t m = 0; m < n_channels; m++)
        rows.push_back(row(n, sample_width(type)));
    return rows;
}

Rows Random::taps(oaconv_type type, const std::vector<size_t> &lengths)
{
    Rows rows;
    for (size_t n : lengths)
        rows.push_back(row(n, tap_width(type)));
    return rows;
}

const std::vector<oaconv_type> &all_types()
{
    static const std::vector<oaconv_type> types{OAC_REAL, OAC_COMPLEX_REAL_TAPS, OAC_COMPLEX};
    return types;
}

std::vector<Kind> kinds()
{
    static const char *const names[] = {"fff", "ccf", "ccc"};
    const char *only = std::getenv("OAC_TEST_BACKEND");
    std::vector<Kind> list;
    for (size_t i = 0; i < oaconv_backend_count(); i++)
        if (oaconv_backend_usable(i, nullptr) &&
            (!only || !std::strcmp(only, oaconv_backend_name(i))))
            for (oaconv_type type : all_types())
                list.push_back(
                    {type, oaconv_backend_name(i), say(oaconv_backend_name(i), " ", names[type])});
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
