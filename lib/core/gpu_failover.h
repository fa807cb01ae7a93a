/* SPDX-License-Identifier: GPL-3.0-or-later
 * A GPU that is lost, left because of new taps, or won back: the stream goes on. */
#ifndef OAC_GPU_FAILOVER_H
#define OAC_GPU_FAILOVER_H

#include "filter.h"

/* From here on the CPU filters: what the GPU owes is pending, its failed call has not counted. */
void oac_lose_gpu(oaconv *filter, const char *failure);

/* The taps that come, `next`, have no state on the GPU: it refused them, and the log knows, or they
 * were prepared while it was lost. */
void oac_leave_gpu(oaconv *filter, const struct tap_state *next);

/* One line in the log: the GPU has no room for the "new" or the "prepared" taps. */
void oac_tell_refusal(const oaconv *filter, const char *taps, const char *why);

#endif
