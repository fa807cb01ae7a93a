/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many samples to wait for: many at full speed, few when they trickle in. */
#include "batch_size.h"

#include <algorithm>

namespace gr
{
namespace oaconv
{

namespace
{

double seconds(batch_size::clock::duration time)
{
    return std::chrono::duration<double>(time).count();
}

constexpr double newest = 0.2; /* weight of the latest call in the smoothed rate */
constexpr double shortest_call = 1e-6;

} // namespace

void batch_size::restart(clock::time_point now)
{
    d_rate = 0;
    d_last = now;
}

void batch_size::filtered(int n, clock::time_point now)
{
    const double rate = n / std::max(seconds(now - d_last), shortest_call);
    d_rate = d_rate > 0 ? (1 - newest) * d_rate + newest * rate : rate;
    d_last = now;
}

int batch_size::batch(int hop, int largest, clock::time_point now) const
{
    if (seconds(now - d_last) >= d_latency)
        return hop;
    const double arriving = std::min(d_rate * d_latency, double(largest));
    return std::max(int(arriving) / hop * hop, hop);
}

} // namespace oaconv
} // namespace gr
