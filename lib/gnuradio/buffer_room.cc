/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many samples the buffers around a block can give and take at once. */
#include "buffer_room.h"

#include <gnuradio/block.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/buffer_reader.h>

#include <algorithm>

namespace gr
{
namespace oaconv
{

long limited_batch(block &owner, int n_outputs, long batch)
{
    for (int m = 0; m < n_outputs; m++)
        if (const long limit = owner.max_output_buffer(std::size_t(m)); limit > 0)
            batch = std::min(batch, std::max(limit / 2, 1L));
    return batch;
}

/* Half of each buffer: see input_room(). Of half an output buffer the runtime uses whole multiples,
 * and where they are less than min_noutput_items it ends our thread, and so hangs the graph: a
 * multiple of no more than the rest leaves enough. */
long output_room(block &owner, int n_outputs, long most)
{
    if (owner.is_set_max_noutput_items())
        most = std::min(most, long(owner.max_noutput_items()));
    const long least = std::max(owner.min_noutput_items(), 1);
    for (int m = 0; m < n_outputs; m++) {
        const long half = owner.detail()->output(unsigned(m))->bufsize() / 2;
        most = std::min(most, std::max(half - least + 1, 1L));
    }
    return most;
}

/* Half of each buffer: a block above that gives many samples at a time may find no room in the last
 * part of a buffer while we wait for it to be full. */
long input_room(const block &owner, int n_inputs, long most)
{
    for (int m = 0; m < n_inputs; m++) {
        const long items = owner.detail()->input(unsigned(m))->max_possible_items_available();
        most = std::min(most, (items + 1) / 2);
    }
    return most;
}

bool behind_a_buffer_that_moves(const block &owner, int n_inputs)
{
    for (int m = 0; m < n_inputs; m++)
        if (owner.detail()->input(unsigned(m))->buffer()->get_mapping_type() ==
            buffer_mapping_type::single_mapped)
            return true;
    return false;
}

} // namespace oaconv
} // namespace gr
