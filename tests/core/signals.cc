/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random signals and taps, and the kinds of filter that every test goes through. */
#include "signals.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace oac_test
{

Rows keep(Type type, const Rows &rows)
{
    const size_t width = sample_width(type);
    Rows list(rows.size());
    for (size_t m = 0; m < rows.size(); m++)
        for (size_t i = 0; i < rows[m].size(); i++)
            if (i / width % type.decimation == 0)
                list[m].push_back(rows[m][i]);
    return list;
}

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

static bool knows(const std::string &backend, const Type &type)
{
    return type.precision == OAC_SINGLE || backend == "volk" || backend == "direct";
}

/* The words of an environment variable; none where it is not set. */
template <typename T>
static std::vector<T> words_of(const char *variable)
{
    const char *text = std::getenv(variable);
    std::istringstream words(text ? text : "");
    std::vector<T> list;
    for (T word; words >> word;)
        list.push_back(word);
    return list;
}

/* What OAC_TEST_DECIMATION says. */
static std::vector<size_t> decimations()
{
    const std::vector<size_t> list = words_of<size_t>("OAC_TEST_DECIMATION");
    return list.empty() ? std::vector<size_t>{1} : list;
}

std::vector<Kind> all_kinds()
{
    static const char *const names[] = {"fff", "ccf", "ccc"};
    const std::vector<size_t> factors = decimations();
    std::vector<Kind> list;
    size_t turn = 0;
    for (oaconv_precision precision : {OAC_SINGLE, OAC_DOUBLE})
        for (size_t i = 0; i < oaconv_backend_count(); i++)
            for (oaconv_type kind : all_types()) {
                const char *backend = oaconv_backend_name(i);
                const Type type{kind, precision, factors[turn++ % factors.size()]};
                if (oaconv_backend_usable(i, nullptr) && knows(backend, type))
                    list.push_back({type,
                                    backend,
                                    say(backend,
                                        " ",
                                        names[kind],
                                        precision ? " double" : "",
                                        type.decimation > 1 ? say(" D=", type.decimation) : "")});
            }
    return list;
}

std::vector<Kind> kinds()
{
    const std::vector<std::string> backends = words_of<std::string>("OAC_TEST_BACKEND");
    const auto asked = [&backends](const std::string &name) {
        return backends.empty() || std::count(backends.begin(), backends.end(), name) > 0;
    };
    const char *precision = std::getenv("OAC_TEST_PRECISION");
    std::vector<Kind> list;
    for (const Kind &kind : all_kinds())
        if (asked(kind.backend) && (!precision || (kind.type.precision == OAC_DOUBLE) ==
                                                      !std::strcmp(precision, "double")))
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

std::vector<ShortHop> short_hops(const Type &type)
{
    constexpr size_t longest_hop = 4000;
    static const std::vector<ShortHop> all{{1, 600},
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
    const size_t D = type.decimation;
    std::vector<ShortHop> list;
    for (const ShortHop &c : all)
        if (D * c.hop <= longest_hop)
            list.push_back({D * c.hop, D * c.n_taps - D / 2});
    return list;
}

} // namespace oac_test
