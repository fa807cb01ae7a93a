/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches of transforms by FFTW: where their samples lie, and plans that are made once. */
#ifndef FAKECUDA_FFT_LAYOUT_H
#define FAKECUDA_FFT_LAYOUT_H

#include <cufft.h>

#include <cstddef>
#include <tuple>

namespace fakecuda
{

/* One side of a batch, in elements of its own type: element k of transform b is at
 * b * distance + k * stride. */
struct Side {
    int n, stride, distance;
    size_t element; /* bytes */

    size_t size(int batch) const; /* bytes from the first element to the end of the last */
};

struct Batch {
    cufftType type;
    int n, batch;
    Side in, out;
};

/* As cufftMakePlanMany() says, whose distances count only where there are embeds. */
Batch packed_batch(cufftType type, int n, int batch);

/* Runs it, in the order of its batch. `in` is kept, but by C2R. */
void run_batch(const Batch &batch, int direction, void *in, void *out);

/* Puts NaN into every element of a side. */
void poison(const Side &side, int batch, void *data);

} // namespace fakecuda

#endif
