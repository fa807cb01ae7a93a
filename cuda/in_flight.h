/* SPDX-License-Identifier: GPL-3.0-or-later
 * Work that may be under way on a GPU, by all filters of the process. To free anything waits for
 * all of it: for ever, where a GPU has stopped answering. */
#ifndef OAC_CUDA_IN_FLIGHT_H
#define OAC_CUDA_IN_FLIGHT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>

/* Around work that is sent, until it has come back or is abandoned. Several threads at once; waits
 * only while another one frees. */
void oac_cuda_begin_work(void);
void oac_cuda_end_work(void);

/* Gives up what is before an event of a device; both must live as long as the process. */
void oac_cuda_abandon(int device, cudaEvent_t event);

/* Whether some of what was abandoned on a device is still under way. */
bool oac_cuda_any_abandoned(int device);

/* Waits for the work of all others, then keeps them from sending more until oac_cuda_end_work();
 * false, and nothing to end, where something is abandoned, on any device. */
bool oac_cuda_begin_release(void);

#endif
