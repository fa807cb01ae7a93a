/* SPDX-License-Identifier: GPL-3.0-or-later
 * What is measured: types, channels, taps. */
#ifndef OAC_BENCH_SETTINGS_H
#define OAC_BENCH_SETTINGS_H

#include <oaconv/oaconv.h>

#include <cstddef>
#include <string>
#include <vector>

namespace oac_bench
{

struct setting {
    oaconv_type type; /* OAC_REAL or OAC_COMPLEX */
    std::size_t n_channels, n_taps;
    std::size_t hop; /* samples taken at a time; 0: what an implementation likes best */

    std::size_t width() const { return type == OAC_REAL ? 1 : 2; } /* floats in a sample */
};

/* Settings whose rounds are interleaved. Type and number of channels are the same in all. */
struct group {
    std::string measure; /* "throughput", "partitioned" or "steps" */
    std::vector<setting> settings;
};

/* Few settings when there is little time. */
std::vector<group> all_groups(bool quick);

/* Samples per channel that an implementation takes in one call: as many hops as make 16384 floats,
 * or one. */
std::size_t whole_hops(const setting &chosen, std::size_t hop);

/* The lengths first, 2 first, 4 first, ... up to last, but no more than that many. */
std::vector<std::size_t> doublings(std::size_t first, std::size_t last, std::size_t most);

/* The least power of two that is not below n. */
std::size_t power_of_two(std::size_t n);

} // namespace oac_bench

#endif
