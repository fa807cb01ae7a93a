/* SPDX-License-Identifier: GPL-3.0-or-later
 * What becomes of filters in a child of fork(): it has one thread, and of everything the state that
 * it was in at that moment. */
#ifndef OAC_FORKS_H
#define OAC_FORKS_H

#include "filter.h"

/* From here on, until forgotten, children can go on with the filter. */
void oac_forks_watch(oaconv *filter);
void oac_forks_forget(oaconv *filter);

/* Around what changes samples' state, in the working thread. A fork() by another thread meanwhile
 * cuts the filter off in the child; a call that would begin while the process is being copied waits
 * for that moment. OAC_OK; OAC_ERR_BACKEND, and nothing to end, where it has been cut off. */
oaconv_status oac_begin_call(oaconv *filter);
void oac_end_call(oaconv *filter);

/* Around oaconv_taps_prepare(), one thread at a time; fork() may come in between. The same status.
 */
oaconv_status oac_begin_prepare(oaconv *filter);
void oac_end_prepare(oaconv *filter);

#endif
