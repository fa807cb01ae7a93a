/* SPDX-License-Identifier: GPL-3.0-or-later
 * What one instruction set does for backend "simd", and which of them runs here. */
#ifndef OAC_KERNEL_H
#define OAC_KERNEL_H

#include "backends/simd/twiddles.h"

/* All vectors are of at most so many floats. */
enum { OAC_SIMD_MAX_WIDTH = 16 };

/* One block of a channel. Lengths in samples, multiples of OAC_SIMD_MAX_WIDTH, at most N: n of the
 * transform for complex signals, 2 n for real ones. No alignment needed. */
struct simd_block {
    const float *in; /* [n_in], the rest of the block is zero */
    size_t n_in;
    float *out; /* [n_out], the first samples of the result */
    size_t n_out;
    const float *tail_in; /* [n_tail], added to the result */
    float *tail_out;      /* [n_tail], of the result after out; not written beyond N */
    size_t n_tail;
};

/* What a partitioned filter gives for one segment: sum over k of inputs[k] * filters[k]. */
struct simd_sum {
    const float *const *inputs; /* [n_inputs] spectra */
    size_t n_inputs;
    float *sum; /* spectrum */
};

/* Spectra are arrays of n complex points in the order and layout of the kernel, aligned to
 * OAC_ALIGNMENT. */
struct simd_kernel {
    const char *name;
    size_t width;

    /* Filters a block; `work` is one spectrum of scratch. */
    void (*convolve)(const struct simd_fft *fft,
                     const struct simd_block *block,
                     const float *spectrum,
                     float *work);
    void (*forward)(const struct simd_fft *fft, const struct simd_block *block, float *spectrum);
    /* Not scaled; overwrites the spectrum. */
    void (*inverse)(const struct simd_fft *fft, float *spectrum, const struct simd_block *block);

    /* All sums, with the same filters, which lie one after the other; each is added up in the order
     * of k. */
    void (*multiply_add)(size_t n,
                         const struct simd_sum *sums,
                         size_t n_sums,
                         const float *filters);
};

extern const struct simd_kernel oac_simd_generic, oac_simd_avx2, oac_simd_avx512;

/* The i-th of the kernels that this processor can run, the fastest first; NULL behind the last. */
const struct simd_kernel *oac_simd_kernel_here(size_t i);

/* The fastest kernel that this processor can run, or the one named by the environment variable
 * OACONV_SIMD; fixed at the first call. NULL when that one cannot run here. */
const struct simd_kernel *oac_simd_kernel(void);

/* What was chosen and why; or why there is none, which only a wrong OACONV_SIMD can bring about.
 * Static. */
const char *oac_simd_reason(void);

#endif
