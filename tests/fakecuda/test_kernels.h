/* SPDX-License-Identifier: GPL-3.0-or-later
 * Launchers of the kernels that the double is tested with; they return a cudaError_t. */
#ifndef FAKECUDA_TEST_KERNELS_H
#define FAKECUDA_TEST_KERNELS_H

#include <cuda_runtime_api.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[i] = factor * in[i] for i below n, with 32 threads in a block */
int launch_scale(
    float *out, const float *in, float factor, unsigned n, dim3 grid, cudaStream_t stream);

/* X[n_rows][batch][bins] times H[n_rows][bins] */
int launch_multiply(float2 *X,
                    const float2 *H,
                    unsigned n_rows,
                    unsigned bins,
                    unsigned batch,
                    cudaStream_t stream);

/* out[offset] = the number of the thread that ran last, of 15 */
int launch_last_thread(float *out, int offset, cudaStream_t stream);

/* out[n][12], all sorts of integer results from in[n][2] */
int launch_integers(unsigned long long *out,
                    const unsigned long long *in,
                    long long shift,
                    int n,
                    cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
