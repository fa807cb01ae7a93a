/* SPDX-License-Identifier: GPL-3.0-or-later
 * For files that are compiled twice, with OAC_IN_DOUBLE and without: what differs between them. */
#ifndef OAC_PRECISION_H
#define OAC_PRECISION_H

#include <complex.h>

/* An element of samples and taps, two of them, and what sums of their products are taken in; names
 * that other files see, and those of FFTW. */
#ifdef OAC_IN_DOUBLE
typedef double element;
typedef double complex complex_element;
typedef long double wide_element;
#define OAC_NAME(name) name##_double
#define OAC_FFTW(name) fftw_##name
#else
typedef float element;
typedef float complex complex_element;
typedef double wide_element;
#define OAC_NAME(name) name##_single
#define OAC_FFTW(name) fftwf_##name
#endif

#endif
