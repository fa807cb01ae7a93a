/* SPDX-License-Identifier: GPL-3.0-or-later
 * What backend "volk" does with arrays: VOLK's kernels, and loops where VOLK has none for double.
 */
#ifndef OAC_VOLK_KERNELS_H
#define OAC_VOLK_KERNELS_H

#include "base/precision.h"

#include <stddef.h>
#include <volk/volk.h>

/* The sum may be the first of its terms; else no two arrays are the same. */
#ifdef OAC_IN_DOUBLE

static inline void multiply(complex_element *to, const complex_element *other, size_t n)
{
    double *a = (double *)to;
    const double *b = (const double *)other;
    for (size_t i = 0; i < n; i++) {
        const double re = a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1];
        a[2 * i + 1] = a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i];
        a[2 * i] = re;
    }
}

static inline void volk_add(double *sum, const double *a, const double *b, size_t n)
{
    volk_64f_x2_add_64f(sum, a, b, (unsigned)n);
}

static inline void
volk_interleave(complex_element *to, const double *re, const double *im, size_t n)
{
    double *pairs = (double *)to;
    for (size_t i = 0; i < n; i++) {
        pairs[2 * i] = re[i];
        pairs[2 * i + 1] = im[i];
    }
}

static inline void volk_deinterleave(double *re, double *im, const complex_element *from, size_t n)
{
    const double *pairs = (const double *)from;
    for (size_t i = 0; i < n; i++) {
        re[i] = pairs[2 * i];
        im[i] = pairs[2 * i + 1];
    }
}

#else

static inline void multiply(complex_element *to, const complex_element *other, size_t n)
{
    volk_32fc_x2_multiply_32fc(to, to, other, (unsigned)n);
}

static inline void volk_add(float *sum, const float *a, const float *b, size_t n)
{
    volk_32f_x2_add_32f(sum, a, b, (unsigned)n);
}

static inline void volk_interleave(complex_element *to, const float *re, const float *im, size_t n)
{
    volk_32f_x2_interleave_32fc(to, re, im, (unsigned)n);
}

static inline void volk_deinterleave(float *re, float *im, const complex_element *from, size_t n)
{
    volk_32fc_deinterleave_32f_x2(re, im, from, (unsigned)n);
}

#endif

#endif
