/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many samples to wait for: many at full speed, few when they trickle in. */
#ifndef INCLUDED_OACONV_BATCH_SIZE_H
#define INCLUDED_OACONV_BATCH_SIZE_H

#include <chrono>

namespace gr
{
namespace oaconv
{

/* Follows the rate at which samples are filtered, and names the batch that arrives within the
 * latency at that rate. Every call of work wakes all neighbours of all ports, so large batches are
 * what makes a graph of many ports fast. One thread. */
class batch_size
{
public:
    using clock = std::chrono::steady_clock;

    explicit batch_size(double latency) : d_latency(latency) {} /* seconds */

    void restart(clock::time_point now);

    /* n samples per channel have been filtered. */
    void filtered(int n, clock::time_point now);

    /* Samples to ask for: a multiple of the hop, at most `largest` but at least one hop; one hop
     * when nothing was filtered for as long as the latency. */
    int batch(int hop, int largest, clock::time_point now) const;

private:
    double d_latency;
    double d_rate = 0; /* samples per second and channel, smoothed */
    clock::time_point d_last;
};

} // namespace oaconv
} // namespace gr

#endif
