/* SPDX-License-Identifier: GPL-3.0-or-later
 * Work that a GPU has not finished in time. While there is any, the whole process must not ask CUDA
 * to free anything: that would wait for it. */
#ifndef OAC_CUDA_ABANDONED_H
#define OAC_CUDA_ABANDONED_H

#include <cuda_runtime_api.h>
#include <stdbool.h>

/* Gives up what is before an event, which must live as long as the process. Any thread. */
void oac_cuda_abandon(cudaEvent_t event);

/* Whether any of it is still under way. Any thread. */
bool oac_cuda_any_abandoned(void);

#endif
