/* SPDX-License-Identifier: GPL-3.0-or-later
 * Compiles only while the mini headers agree with those of the toolkit: every prototype declared a
 * second time, every number compared. */
#include <cuda_runtime_api.h>
#include <cufft.h>

#include "mini/cufft_functions.h"
#include "mini/error_codes.h"
#include "mini/runtime_functions.h"

#define SAME_NUMBER(name, number) static_assert(int(name) == number, #name);
OAC_MINI_CUDA_ERRORS(SAME_NUMBER)
#if CUFFT_VERSION >= 12000
OAC_MINI_CUFFT_RESULTS(SAME_NUMBER)
#endif
SAME_NUMBER(cudaMemcpyHostToHost, 0)
SAME_NUMBER(cudaMemcpyHostToDevice, 1)
SAME_NUMBER(cudaMemcpyDeviceToHost, 2)
SAME_NUMBER(cudaMemcpyDeviceToDevice, 3)
SAME_NUMBER(cudaMemcpyDefault, 4)
SAME_NUMBER(cudaStreamNonBlocking, 1)
SAME_NUMBER(cudaEventDisableTiming, 2)
SAME_NUMBER(CUFFT_FORWARD, -1)
SAME_NUMBER(CUFFT_INVERSE, 1)
SAME_NUMBER(CUFFT_C2C, 0x29)
SAME_NUMBER(CUFFT_R2C, 0x2a)
SAME_NUMBER(CUFFT_C2R, 0x2c)

static_assert(sizeof(float2) == 8 && alignof(float2) == 8, "float2");
static_assert(sizeof(uint3) == 12 && sizeof(dim3) == 12, "uint3, dim3");
static_assert(sizeof(cufftComplex) == 8 && sizeof(cufftReal) == 4, "samples");
static_assert(sizeof(cudaDeviceProp::name) == 256, "name");
static_assert(sizeof(cudaDeviceProp::totalGlobalMem) == sizeof(size_t), "totalGlobalMem");
static_assert(sizeof(cudaDeviceProp::major) + sizeof(cudaDeviceProp::minor) == 2 * sizeof(int),
              "major, minor");
static_assert(sizeof(cudaDeviceProp::l2CacheSize) == sizeof(int), "l2CacheSize");
static_assert(sizeof(cudaDeviceProp::multiProcessorCount) == sizeof(int), "multiProcessorCount");
