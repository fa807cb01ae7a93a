/* SPDX-License-Identifier: GPL-3.0-or-later
 * What FFTW's planners of both precisions have in common: locks and wisdom. */
#ifndef OAC_FFTW_LOCK_H
#define OAC_FFTW_LOCK_H

#include <stdbool.h>

/* Guards the tables of plans and what oaconv_set_planner_lock() sets. Held while planning: never
 * taken by a working thread. */
void oac_fftw_tables_lock(void);
void oac_fftw_tables_unlock(void);

/* Takes the lock that the program has handed over, under the one above. False where there is none:
 * then FFTW's own planners must be thread safe. */
bool oac_fftw_lock(void);
void oac_fftw_unlock(void);

/* oaconv_export_wisdom() and oaconv_import_wisdom() in one precision. */
char *oac_fftw_export_wisdom_single(void);
char *oac_fftw_export_wisdom_double(void);
bool oac_fftw_import_wisdom_single(const char *wisdom);
bool oac_fftw_import_wisdom_double(const char *wisdom);

#endif
