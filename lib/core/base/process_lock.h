/* SPDX-License-Identifier: GPL-3.0-or-later
 * Locks of what all filters of a process share. A child of fork() never finds one taken by a thread
 * that it does not have. */
#ifndef OAC_PROCESS_LOCK_H
#define OAC_PROCESS_LOCK_H

/* While one is held only those below it may be taken. */
enum process_lock {
    OAC_LOCK_FILTERS,    /* the list of filters, and putting what was prepared into one */
    OAC_LOCK_COSTS,      /* the tables, while they are made */
    OAC_LOCK_FFT_PLANS,  /* FFTW's, and what oaconv_set_planner_lock() sets */
    OAC_LOCK_FFT_TABLES, /* of backend "simd" */
    OAC_LOCK_GPU_MODULE, /* the one that is open */
    N_PROCESS_LOCKS
};

/* May wait as long as planning takes: not for a working thread. */
void oac_process_lock(enum process_lock lock);
void oac_process_unlock(enum process_lock lock);

/* Around fork(). */
void oac_process_lock_all(void);
void oac_process_unlock_all(void);

#endif
