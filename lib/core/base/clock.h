/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seconds that only go forward. Files that include it define _POSIX_C_SOURCE. */
#ifndef OAC_CLOCK_H
#define OAC_CLOCK_H

#include <time.h>

static inline double oac_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
