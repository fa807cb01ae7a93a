/* SPDX-License-Identifier: GPL-3.0-or-later
 * Declarations of the part of the CUDA runtime in use, written from its documentation, for machines
 * without the toolkit. Only the double behind them has these layouts: never link NVIDIA's. */
#ifndef OAC_MINI_CUDA_RUNTIME_API_H
#define OAC_MINI_CUDA_RUNTIME_API_H

#include "error_codes.h"

#include <stddef.h>

#define CUDART_VERSION 13000

#define OAC_MINI_ENUMERATOR(name, number) name = number,
typedef enum cudaError { OAC_MINI_CUDA_ERRORS(OAC_MINI_ENUMERATOR) } cudaError_t;

enum cudaMemcpyKind {
    cudaMemcpyHostToHost = 0,
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost = 2,
    cudaMemcpyDeviceToDevice = 3,
    cudaMemcpyDefault = 4
};

#define cudaStreamNonBlocking 0x01
#define cudaEventDisableTiming 0x02

typedef struct CUstream_st *cudaStream_t;
typedef struct CUevent_st *cudaEvent_t;

struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem;
    int major;
    int minor;
    int multiProcessorCount;
    int l2CacheSize;
};

typedef struct float2 {
    float x, y;
} __attribute__((aligned(8))) float2;

typedef struct uint3 {
    unsigned x, y, z;
} uint3;

typedef struct dim3 {
    unsigned x, y, z;
#ifdef __cplusplus
    constexpr dim3(unsigned nx = 1, unsigned ny = 1, unsigned nz = 1) : x(nx), y(ny), z(nz) {}
#endif
} dim3;

#include "runtime_functions.h"

#endif
