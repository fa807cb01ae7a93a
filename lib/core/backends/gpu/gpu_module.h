/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the engine and a GPU module that is opened at run time say to each other. */
#ifndef OAC_GPU_MODULE_H
#define OAC_GPU_MODULE_H

#include "oaconv/private/gpu_report.h"

#include <stdbool.h>
#include <stddef.h>

/* Changes with everything in this file. */
#define OAC_GPU_ABI 2u

struct gpu_request {
    oaconv_type type;
    int device;
    size_t n_channels, n_rows, n_taps; /* M; distinct rows; P, of the longest */
    size_t decimation;                 /* D */
    const oaconv_row *const *rows;     /* [n_rows], of float */
    const size_t *row_of;              /* [M] */
    size_t batch;                      /* samples per channel of a usual call */
    double timeout;                    /* seconds that the GPU may be silent */
};

struct gpu_facts {
    size_t n_fft, segment;             /* N, L */
    size_t n_segments, n_slots;        /* segments of a unit, units in flight */
    size_t device_bytes, pinned_bytes; /* memory taken */
};

/* Calls that can fail answer NULL, or what failed: "cudaMalloc -> 2 cudaErrorMemoryAllocation",
 * valid until the next call in this thread. Any thread; one thread at a time for each state. */
struct gpu_module {
    /* Whether there is such a device; asks for nothing else of the driver than how many. */
    const char *(*probe)(int device);

    const char *(*describe)(int device, oaconv_gpu *gpu);

    /* Takes all memory that run() needs, runs everything once and checks the result. */
    const char *(*open)(void **state, const struct gpu_request *request);

    void (*facts)(const void *state, struct gpu_facts *facts);

    /* Filters n samples of every channel, any n, of which sample `skip` is the first that
     * decimation keeps. A pure function of the samples and of `tail`, so that a call that failed
     * can be done again elsewhere:
     *
     *     tail      [M][owed]  what earlier samples owe, ceil((P - 1) / D) samples; only read
     *     new_tail  [M][owed]  receives what is owed now; other memory than `tail`
     *
     * Nothing is in flight afterwards that could touch memory of the caller. */
    const char *(*run)(void *state,
                       const void *const *in,
                       void *const *out,
                       size_t n,
                       size_t skip,
                       const float *tail,
                       float *new_tail);

    const char *(*measure)(void *state, double seconds, oaconv_gpu_rates *rates);

    /* Accepts NULL. Leaks what a silent GPU may still write to. */
    void (*close)(void *state);
};

/* The one symbol of a module: NULL when it speaks another version. */
typedef const struct gpu_module *gpu_module_entry(unsigned abi);
#define OAC_GPU_MODULE_ENTRY "oaconv_gpu_module"

#endif
