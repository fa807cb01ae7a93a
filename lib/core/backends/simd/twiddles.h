/* SPDX-License-Identifier: GPL-3.0-or-later
 * Factors and tables of the transforms that backend "simd" is made of: numbers only. */
#ifndef OAC_TWIDDLES_H
#define OAC_TWIDDLES_H

#include <stdbool.h>
#include <stddef.h>

enum { OAC_SIMD_MAX_PASSES = 12, OAC_SIMD_MAX_RADIX = 8 };

/* A transform of n complex points, read modulo X^n - c.
 *
 * Complex signals: c = 1, the cyclic convolution of n points. Real signals: c = i. With a real
 * block of 2 n samples folded to n complex ones, z[t] = x[t] + i x[t + n], a product modulo
 * X^n - i is the product of the real blocks modulo X^2n + 1: as long as nothing reaches beyond 2 n
 * samples, a linear convolution. Half the work of a complex block of the same length, with no
 * unscrambling. (R. Crandall, B. Fagin, "Discrete weighted transforms and large-integer
 * arithmetic", Math. Comp. 62, 1994: right-angle convolution.)
 *
 * Decimation in frequency, n = radix[0] * ... * radix[n_passes - 1] * 4. The first pass works on
 * whole vectors of consecutive points. From then on every 128-bit lane of a vector belongs to a
 * block of its own, and the last 4 points of the transform are the 4 floats of a lane. */
struct simd_fft {
    size_t n;
    size_t width; /* floats in a vector */
    bool real;
    int n_passes;
    int radix[OAC_SIMD_MAX_PASSES];
    /* Factors exp(-2 pi i ...) between the passes. First pass: [n / radix / width][radix], pairs of
     * vectors, real and imaginary part. Others: [points / radix / 4][radix - 1], pairs of lanes. */
    float *twiddle[OAC_SIMD_MAX_PASSES];
    /* Real signals: exp(-2 pi i k theta / radix) at the input k of the first pass. */
    struct {
        float re, im;
    } turn[OAC_SIMD_MAX_RADIX];
};

/* Whether there is a transform of n complex points: n = 2^k, 3 * 2^k or 5 * 2^k, k >= 6. */
bool oac_simd_fft_exists(size_t n);

/* The transform for vectors of `width` floats, NULL when memory is short. All who have it open at
 * the same time share its tables. Any thread; may wait while another one makes some. */
const struct simd_fft *oac_simd_fft_open(size_t n, bool real, size_t width);
void oac_simd_fft_close(const struct simd_fft *fft); /* accepts NULL */

#endif
