/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which part of the memory for GNU Radio's buffers one block may plan for, and takes. */
#ifndef INCLUDED_OACONV_BUFFER_PLAN_H
#define INCLUDED_OACONV_BUFFER_PLAN_H

#include "buffer_memory.h"

#include <gnuradio/block.h>

#include <string>

namespace gr
{
namespace oaconv
{

/* Of the memory that is free, a half is left to the other blocks of the graph, the other is shared
 * by the ports of all blocks of ours that are alive: buffers are made after all of them have
 * planned, and found to be too large only when they are filled. */
class buffer_plan
{
public:
    buffer_plan(int n_inputs, int n_outputs, std::size_t sample_size);
    ~buffer_plan();
    buffer_plan(const buffer_plan &) = delete;
    buffer_plan &operator=(const buffer_plan &) = delete;

    /* Samples that half a buffer may be made for, before and behind each port of the block, by the
     * memory there is before it has its first buffers. Throws std::runtime_error where not even the
     * smallest ones fit, naming the remedy. */
    long half_buffer(gr::block &block);

    /* Takes the memory of the buffers that were made now, so that their first use is no bus error.
     * Returns what is wrong, or nothing; then, if no sample has come out yet, the output buffers
     * have none. */
    std::string reserve(const gr::block &block, bool none_has_come_out) const;

private:
    long smallest_outputs(gr::block &block) const;

    const int d_n_inputs, d_n_outputs;
    const int d_n_channels; /* the larger of the two */
    const std::size_t d_sample_size;
    long d_half = 0; /* 0: not looked yet */
};

} // namespace oaconv
} // namespace gr

#endif
