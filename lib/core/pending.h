/* SPDX-License-Identifier: GPL-3.0-or-later
 * The samples owed to the future, which make tap changes, the end of a piece, the tail of the
 * stream and a lost GPU the same step: the backend is drained, and what it hands over is pending.
 */
#ifndef OAC_PENDING_H
#define OAC_PENDING_H

#include "filter.h"

/* Everything that `s` still owes ends up in the pending samples of `to`: s itself, or a state with
 * none. */
void oac_drain(const oaconv *filter, struct tap_state *s, struct tap_state *to);

/* Has all that is owed in the pending samples of the state in force. */
void oac_settle(oaconv *filter);

/* Forgets all that is owed. */
void oac_forget_pending(oaconv *filter);

/* Takes the next n samples out of pending: adds them to out, or puts them there. */
void oac_take_pending(oaconv *filter, void *const *out, size_t n, bool add);

/* Tells oaconv_taps_prepare() how much may be pending when its work is swapped in. */
void oac_publish_owed(oaconv *filter);

/* Of samples in: one past the last one that the samples so far reach. */
uint64_t oac_reach(const oaconv *filter);

/* Samples that decimation keeps of those before sample t. */
uint64_t oac_kept_before(const oaconv *filter, uint64_t t);

#endif
