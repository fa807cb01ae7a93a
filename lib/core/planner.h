/* SPDX-License-Identifier: GPL-3.0-or-later
 * The locks of FFTW's planner, for both precisions. */
#ifndef OAC_PLANNER_H
#define OAC_PLANNER_H

#include <stdbool.h>

/* Guards the tables of plans and what oaconv_set_planner_lock() sets. Held while planning: never
 * taken by a working thread. */
void oac_plans_lock(void);
void oac_plans_unlock(void);

/* Takes the lock that the program has handed over, under the one above. False where there is none:
 * then FFTW's own planners must be thread safe. */
bool oac_planner_lock(void);
void oac_planner_unlock(void);

#endif
