/* SPDX-License-Identifier: GPL-3.0-or-later
 * Declarations of the part of cuFFT in use, written from its documentation, for machines without
 * the toolkit. */
#ifndef OAC_MINI_CUFFT_H
#define OAC_MINI_CUFFT_H

#include "cuda_runtime_api.h"

#define CUFFT_VERSION 12000
#define CUFFT_FORWARD -1
#define CUFFT_INVERSE 1

typedef enum cufftResult_t { OAC_MINI_CUFFT_RESULTS(OAC_MINI_ENUMERATOR) } cufftResult;
typedef enum cufftType_t { CUFFT_C2C = 0x29, CUFFT_R2C = 0x2a, CUFFT_C2R = 0x2c } cufftType;

typedef float cufftReal;
typedef float2 cufftComplex;
typedef int cufftHandle;

#include "cufft_functions.h"

#endif
