/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whether the inputs of a block are over. Internal API, the same in GNU Radio 3.10.0 to 3.10.12. */
#include "end_of_input.h"

#include <gnuradio/block.h>
#include <gnuradio/block_detail.h>
#include <gnuradio/buffer.h>
#include <gnuradio/buffer_reader.h>

#include <algorithm>
#include <limits>

namespace gr
{
namespace oaconv
{

input_state look_at_input(const block &owner, int port)
{
    const auto reader = owner.detail()->input(port);
    gr::thread::scoped_lock lock(*reader->mutex());
    input_state state = {reader->items_available(), reader->done(), false};
    if (state.flagged_done)
        state.over = reader->buffer()->link()->detail()->done();
    return state;
}

inputs_state look_at_inputs(const block &owner, int n_ports)
{
    inputs_state all = {std::numeric_limits<int>::max(), -1, false};
    for (int port = 0; port < n_ports; port++) {
        const input_state state = look_at_input(owner, port);
        all.n_available = std::min(all.n_available, state.n_available);
        if (state.over && (all.n_left < 0 || state.n_available < all.n_left))
            all.n_left = state.n_available;
        if (state.flagged_done && !state.over)
            all.sibling_ended = true;
    }
    return all;
}

} // namespace oaconv
} // namespace gr
