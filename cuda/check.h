/* SPDX-License-Identifier: GPL-3.0-or-later
 * No call of CUDA without a check: what failed, in words. */
#ifndef OAC_CUDA_CHECK_H
#define OAC_CUDA_CHECK_H

#include <cuda_runtime_api.h>
#include <cufft.h>
#include <stdbool.h>

enum { OAC_CUDA_MAX_FAILURE = 256 };

/* Comes first in a call: makes the device that of this thread, and clears an error that other code
 * has left behind in CUDA, so that it is not taken for one of ours. */
const char *oac_cuda_enter(int device);

/* NULL, or "cudaMalloc -> 2 cudaErrorMemoryAllocation", valid until the next failure in this
 * thread; `call` may be the whole expression. */
const char *oac_check_cuda(cudaError_t error, const char *call);
const char *oac_check_cufft(cufftResult result, const char *call);

/* Any other failure. */
const char *oac_cuda_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether the latest failure in this thread was a lack of device memory. */
bool oac_cuda_out_of_memory(void);

/* Leaves the function with the failure, if there is one. */
#define TRY(failure)                                                                               \
    do {                                                                                           \
        const char *const failed_ = (failure);                                                     \
        if (failed_)                                                                               \
            return failed_;                                                                        \
    } while (0)
#define TRY_CUDA(call) TRY(oac_check_cuda((call), #call))
#define TRY_CUFFT(call) TRY(oac_check_cufft((call), #call))

#endif
