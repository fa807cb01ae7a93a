/* SPDX-License-Identifier: GPL-3.0-or-later
 * How many samples the buffers around a block can give and take at once. */
#ifndef INCLUDED_OACONV_BUFFER_ROOM_H
#define INCLUDED_OACONV_BUFFER_ROOM_H

namespace gr
{

class block;

namespace oaconv
{

/* At most `batch`, and what the user's limits on the outputs leave of it; before buffers are made.
 */
long limited_batch(block &owner, int n_outputs, long batch);

/* At most `most`, and what every output buffer of a running block takes at once. */
long output_room(block &owner, int n_outputs, long most);

/* At most `most`, and what every input buffer of a running block gives at once. */
long input_room(const block &owner, int n_inputs, long most);

/* Where a buffer is not mapped twice, a reader that asks for more than lies before the end of the
 * buffer has GNU Radio move samples to its beginning, and GNU Radio 3.10 overwrites them with old
 * ones. A reader that takes whatever there is never has it done. */
bool behind_a_buffer_that_moves(const block &owner, int n_inputs);

} // namespace oaconv
} // namespace gr

#endif
