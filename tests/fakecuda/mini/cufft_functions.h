/* SPDX-License-Identifier: GPL-3.0-or-later
 * Prototypes of the cuFFT functions in use; the types come from the header before this one, which
 * may be NVIDIA's: then the compiler compares the two (conform.cc). */
#ifndef OAC_MINI_CUFFT_FUNCTIONS_H
#define OAC_MINI_CUFFT_FUNCTIONS_H

#ifdef __cplusplus
extern "C" {
#endif

cufftResult cufftGetVersion(int *version);
cufftResult cufftCreate(cufftHandle *plan);
cufftResult cufftDestroy(cufftHandle plan);
cufftResult cufftSetAutoAllocation(cufftHandle plan, int automatic);
cufftResult cufftMakePlanMany(cufftHandle plan,
                              int rank,
                              int *n,
                              int *in_embed,
                              int in_stride,
                              int in_distance,
                              int *out_embed,
                              int out_stride,
                              int out_distance,
                              cufftType type,
                              int batch,
                              size_t *work_size);
cufftResult cufftSetWorkArea(cufftHandle plan, void *area);
cufftResult cufftSetStream(cufftHandle plan, cudaStream_t stream);
cufftResult cufftExecR2C(cufftHandle plan, cufftReal *in, cufftComplex *out);
cufftResult cufftExecC2R(cufftHandle plan, cufftComplex *in, cufftReal *out);
cufftResult cufftExecC2C(cufftHandle plan, cufftComplex *in, cufftComplex *out, int direction);

#ifdef __cplusplus
}
#endif

#endif
