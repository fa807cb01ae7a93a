/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whether the inputs of a block are over, told by internals of the GNU Radio runtime. */
#ifndef INCLUDED_OACONV_INPUT_END_H
#define INCLUDED_OACONV_INPUT_END_H

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

/* Samples that every port can still deliver: the least that an input holds which is over, or -1
 * while none is. */
long samples_left(const block &owner, int n_ports);

} // namespace oaconv
} // namespace gr

#endif
