/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seconds that only go forward. */
#ifndef OAC_CUDA_CLOCK_H
#define OAC_CUDA_CLOCK_H

#include <time.h>

static inline double oac_cuda_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#endif
