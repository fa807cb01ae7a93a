/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whether the inputs of a block are over, told by internals of the GNU Radio runtime. */
#ifndef INCLUDED_OACONV_END_OF_INPUT_H
#define INCLUDED_OACONV_END_OF_INPUT_H

namespace gr
{

class block;

namespace oaconv
{

/* What input `port` of a running block holds, all of it read under the buffer's lock. The buffer is
 * flagged done by whoever ends first, the block above or another reader beside us; the input is
 * over only when the block above has ended. */
struct input_state {
    int n_available;
    bool flagged_done;
    bool over;
};
input_state look_at_input(const block &owner, int port);

/* All inputs together. The ports run in lockstep: what one that is over still holds is the most
 * that any of them will deliver. */
struct inputs_state {
    int n_available;    /* the least that an input holds */
    long n_left;        /* the least that an input holds which is over; -1: none is over */
    bool sibling_ended; /* a buffer is flagged, but the block above goes on */
};
inputs_state look_at_inputs(const block &owner, int n_ports);

} // namespace oaconv
} // namespace gr

#endif
