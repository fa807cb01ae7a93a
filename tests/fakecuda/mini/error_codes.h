/* SPDX-License-Identifier: GPL-3.0-or-later
 * The results of the CUDA runtime and of cuFFT that the module or its double name, with their
 * numbers. */
#ifndef OAC_MINI_ERROR_CODES_H
#define OAC_MINI_ERROR_CODES_H

/* clang-format off */
#define OAC_MINI_CUDA_ERRORS(entry)                                                                \
    entry(cudaSuccess, 0)                                                                          \
    entry(cudaErrorInvalidValue, 1)                                                                \
    entry(cudaErrorMemoryAllocation, 2)                                                            \
    entry(cudaErrorCudartUnloading, 4)                                                             \
    entry(cudaErrorInitializationError, 3)                                                         \
    entry(cudaErrorInvalidConfiguration, 9)                                                        \
    entry(cudaErrorInvalidPitchValue, 12)                                                          \
    entry(cudaErrorInvalidMemcpyDirection, 21)                                                     \
    entry(cudaErrorStubLibrary, 34)                                                                \
    entry(cudaErrorInsufficientDriver, 35)                                                         \
    entry(cudaErrorDevicesUnavailable, 46)                                                         \
    entry(cudaErrorInvalidDeviceFunction, 98)                                                      \
    entry(cudaErrorNoDevice, 100)                                                                  \
    entry(cudaErrorInvalidDevice, 101)                                                             \
    entry(cudaErrorDeviceUninitialized, 201)                                                       \
    entry(cudaErrorNoKernelImageForDevice, 209)                                                    \
    entry(cudaErrorInvalidResourceHandle, 400)                                                     \
    entry(cudaErrorNotReady, 600)                                                                  \
    entry(cudaErrorIllegalAddress, 700)                                                            \
    entry(cudaErrorLaunchOutOfResources, 701)                                                      \
    entry(cudaErrorLaunchTimeout, 702)                                                             \
    entry(cudaErrorLaunchFailure, 719)                                                             \
    entry(cudaErrorNotSupported, 801)                                                              \
    entry(cudaErrorSystemDriverMismatch, 803)                                                      \
    entry(cudaErrorUnknown, 999)

#define OAC_MINI_CUFFT_RESULTS(entry)                                                              \
    entry(CUFFT_SUCCESS, 0)                                                                        \
    entry(CUFFT_INVALID_PLAN, 1)                                                                   \
    entry(CUFFT_ALLOC_FAILED, 2)                                                                   \
    entry(CUFFT_INVALID_TYPE, 3)                                                                   \
    entry(CUFFT_INVALID_VALUE, 4)                                                                  \
    entry(CUFFT_INTERNAL_ERROR, 5)                                                                 \
    entry(CUFFT_EXEC_FAILED, 6)                                                                    \
    entry(CUFFT_SETUP_FAILED, 7)                                                                   \
    entry(CUFFT_INVALID_SIZE, 8)                                                                   \
    entry(CUFFT_UNALIGNED_DATA, 9)                                                                 \
    entry(CUFFT_INVALID_DEVICE, 11)                                                                \
    entry(CUFFT_NO_WORKSPACE, 13)                                                                  \
    entry(CUFFT_NOT_IMPLEMENTED, 14)                                                               \
    entry(CUFFT_NOT_SUPPORTED, 16)
/* clang-format on */

#endif
