/* SPDX-License-Identifier: GPL-3.0-or-later
 * Failures of CUDA and cuFFT in words. */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[OAC_CUDA_MAX_FAILURE];
static _Thread_local bool out_of_memory;

/* "call -> code name", from a call that may be a whole expression. */
static const char *say(const char *call, int code, const char *name)
{
    /* Or the error would be found again by a later call that has none. */
    (void)cudaGetLastError();
    snprintf(message, sizeof message, "%.*s -> %d %s", (int)strcspn(call, "("), call, code, name);
    return message;
}

const char *oac_check_cuda(cudaError_t error, const char *call)
{
    if (error == cudaSuccess)
        return NULL;
    out_of_memory = error == cudaErrorMemoryAllocation;
    return say(call, (int)error, cudaGetErrorName(error));
}

/* By number, since the names are not the same in all versions. */
static const char *cufft_name(int result)
{
    static const char *const names[] = {"CUFFT_SUCCESS",
                                        "CUFFT_INVALID_PLAN",
                                        "CUFFT_ALLOC_FAILED",
                                        "CUFFT_INVALID_TYPE",
                                        "CUFFT_INVALID_VALUE",
                                        "CUFFT_INTERNAL_ERROR",
                                        "CUFFT_EXEC_FAILED",
                                        "CUFFT_SETUP_FAILED",
                                        "CUFFT_INVALID_SIZE"};
    const int n = sizeof names / sizeof *names;
    return result >= 0 && result < n ? names[result] : "cufftResult";
}

const char *oac_check_cufft(cufftResult result, const char *call)
{
    if (result == CUFFT_SUCCESS)
        return NULL;
    /* The latter is what cuFFT often says when the driver has no memory for it. */
    out_of_memory = result == CUFFT_ALLOC_FAILED || result == CUFFT_INTERNAL_ERROR;
    return say(call, (int)result, cufft_name((int)result));
}

const char *oac_cuda_enter(int device)
{
    TRY_CUDA(cudaSetDevice(device));
    (void)cudaGetLastError();
    return NULL;
}

const char *oac_cuda_failure(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    out_of_memory = false;
    return message;
}

bool oac_cuda_out_of_memory(void)
{
    return out_of_memory;
}
