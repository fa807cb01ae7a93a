/* SPDX-License-Identifier: GPL-3.0-or-later
 * Locks of what all filters of a process share. */
#include "base/process_lock.h"

#include <pthread.h>

static pthread_mutex_t locks[N_PROCESS_LOCKS] = {PTHREAD_MUTEX_INITIALIZER,
                                                 PTHREAD_MUTEX_INITIALIZER,
                                                 PTHREAD_MUTEX_INITIALIZER,
                                                 PTHREAD_MUTEX_INITIALIZER,
                                                 PTHREAD_MUTEX_INITIALIZER};

void oac_process_lock(enum process_lock lock)
{
    pthread_mutex_lock(&locks[lock]);
}

void oac_process_unlock(enum process_lock lock)
{
    pthread_mutex_unlock(&locks[lock]);
}

void oac_process_lock_all(void)
{
    for (int i = 0; i < N_PROCESS_LOCKS; i++)
        pthread_mutex_lock(&locks[i]);
}

void oac_process_unlock_all(void)
{
    for (int i = N_PROCESS_LOCKS - 1; i >= 0; i--)
        pthread_mutex_unlock(&locks[i]);
}
