/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chooses the FFT size and how much a GPU does at a time: numbers in, numbers out. */
#ifndef OAC_CUDA_GPU_PLAN_H
#define OAC_CUDA_GPU_PLAN_H

#include <stdbool.h>
#include <stddef.h>

struct gpu_shape {
    bool real;         /* samples are one float, else two */
    size_t n_channels; /* M */
    size_t n_rows;     /* distinct rows of taps */
    size_t n_taps;     /* P */
    size_t decimation; /* D */
    size_t batch;      /* samples per channel of a usual call */
    size_t cache;      /* bytes of the device's L2 cache */
};

enum { MOST_SLOTS = 3, MOST_UNITS = 3 };

struct gpu_plan {
    size_t width;             /* floats of a sample */
    size_t decimation;        /* D */
    size_t n_branches;        /* B: of the D polyphase branches, those that have taps */
    size_t n_owed;            /* samples out that a unit owes to later ones: ceil((P - 1) / D) */
    size_t n_fft, segment;    /* N, of each branch; L <= N - n_owed samples out, D L in */
    size_t branch_length;     /* samples that a branch takes of a segment: the padding follows */
    size_t n_bins;            /* of a spectrum: N, or N / 2 + 1 where the signal is real */
    size_t n_segments;        /* of the longest unit, of every channel */
    size_t units[MOST_UNITS]; /* segments of the units there are plans for, ascending */
    size_t n_units;
    size_t n_slots; /* units in flight */
};

/* Bytes that device memory moves for every sample of n: to and from each of the two transforms and
 * the product, to the sum, and the samples themselves; with decimation, to and from the branches.
 * Long transforms are taken to pass through device memory twice. */
double oac_gpu_bytes_per_sample(const struct gpu_shape *shape, size_t n_fft, size_t n);

/* A pure function of the shape. */
void oac_gpu_plan_init(struct gpu_plan *plan, const struct gpu_shape *shape);

/* Samples of every channel that go into n_segments segments. */
size_t oac_gpu_plan_input(const struct gpu_plan *plan, size_t n_segments);

/* Samples of every channel that come out of the longest unit, those owed included. */
size_t oac_gpu_plan_output(const struct gpu_plan *plan);

/* The same with units of at most n_segments. */
void oac_gpu_plan_limit(struct gpu_plan *plan, size_t n_segments);

/* What a slot and the taps need, without the work areas of cuFFT. */
size_t oac_gpu_plan_device_bytes(const struct gpu_plan *plan, const struct gpu_shape *shape);
size_t oac_gpu_plan_pinned_bytes(const struct gpu_plan *plan, const struct gpu_shape *shape);

#endif
