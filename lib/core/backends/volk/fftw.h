/* SPDX-License-Identifier: GPL-3.0-or-later
 * Complex FFT plans, one pair per size, precision and process. */
#ifndef OAC_FFTW_H
#define OAC_FFTW_H

#include "base/precision.h"

#include <stddef.h>

/* Plans are made once and kept as long as the process lives: a plan made anew could round
 * differently, and then chunking would show. */
struct fft;

#define oac_fftw_get OAC_NAME(oac_fftw_get)
#define oac_fftw_forward OAC_NAME(oac_fftw_forward)
#define oac_fftw_inverse OAC_NAME(oac_fftw_inverse)

/* The plans for n points, or NULL when memory is short. Any thread. Takes the planner lock. */
const struct fft *oac_fftw_get(size_t n);

/* out = sum over t of in[t] exp(-+ 2 pi i k t / n), not scaled; both from oac_alloc(), distinct.
 * `in` is kept. Any thread. */
void oac_fftw_forward(const struct fft *fft, complex_element *in, complex_element *out);
void oac_fftw_inverse(const struct fft *fft, complex_element *in, complex_element *out);

#endif
