/* SPDX-License-Identifier: GPL-3.0-or-later
 * States of taps that are out of force: the working thread, which must not free, puts them on a
 * list, and the next preparation frees them. */
#ifndef OAC_RETIRED_H
#define OAC_RETIRED_H

#include "filter.h"

/* Puts a state on the list. Does not allocate. */
void oac_retire(oaconv *filter, struct tap_state *s);

/* Frees all that are on the list. Any thread, under prepare_lock, or the last one. */
void oac_free_retired(oaconv *filter);

#endif
