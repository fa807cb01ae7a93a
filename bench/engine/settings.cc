/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is measured: types, channels, taps. */
#include "settings.h"

#include <algorithm>
#include <set>

namespace oac_bench
{

namespace
{

using sizes = std::vector<std::size_t>;

constexpr std::size_t ring_floats = 16384;
constexpr std::size_t steps_channels = 16, steps_most_taps = 4096;

void add_throughput(std::vector<group> &groups, const sizes &channels, const sizes &taps)
{
    for (const oaconv_type type : {OAC_COMPLEX, OAC_REAL})
        for (const std::size_t n_channels : channels)
            for (const std::size_t n_taps : taps)
                groups.push_back({"throughput", {{type, n_channels, n_taps, 0}}});
}

/* Dense around powers of two, where GNU Radio's FFT doubles. */
group steps(const sizes &eighths)
{
    std::set<std::size_t> taps;
    for (std::size_t power = 1; power <= steps_most_taps; power *= 2) {
        taps.insert({power, power + 1, std::max<std::size_t>(power - 1, 1)});
        for (const std::size_t eighth : eighths)
            taps.insert(power + power * eighth / 8);
    }
    group result = {"steps", {}};
    for (const std::size_t n_taps : taps)
        if (n_taps <= steps_most_taps)
            result.settings.push_back({OAC_COMPLEX, steps_channels, n_taps, 0});
    return result;
}

} // namespace

std::vector<group> all_groups(bool quick)
{
    std::vector<group> groups;
    if (quick)
        add_throughput(groups, {1, 64}, {16, 256, 4096});
    else
        add_throughput(groups, {1, 3, 64}, {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536});
    groups.push_back({"partitioned", {{OAC_REAL, 16, 16384, 1024}}});
    if (!quick)
        groups.push_back({"partitioned", {{OAC_REAL, 2, 65536, 256}}});
    groups.push_back(quick ? steps({}) : steps({1, 2, 3, 4, 6}));
    return groups;
}

std::size_t whole_hops(const setting &chosen, std::size_t hop)
{
    return std::max<std::size_t>(ring_floats / chosen.width() / hop, 1) * hop;
}

sizes doublings(std::size_t first, std::size_t last, std::size_t most)
{
    sizes result;
    for (std::size_t n = first; n <= last && result.size() < most; n *= 2)
        result.push_back(n);
    return result;
}

std::size_t power_of_two(std::size_t n)
{
    std::size_t power = 1;
    while (power < n)
        power *= 2;
    return power;
}

} // namespace oac_bench
