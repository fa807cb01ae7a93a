/* SPDX-License-Identifier: GPL-3.0-or-later
 * Multichannel filters on a GPU, one transaction a call. */
#ifndef OAC_CUDA_FILTER_H
#define OAC_CUDA_FILTER_H

#include "backends/gpu/gpu_module.h"
#include "slot.h"

struct gpu_filter {
    int device;
    double timeout; /* seconds */
    struct gpu_shape shape;
    struct unit_context context;
    struct slot slots[MOST_SLOTS];
    size_t device_bytes;
    bool silent; /* the GPU has not answered in time */
};

/* As in struct gpu_module. */
const char *oac_cuda_open(void **state, const struct gpu_request *request);
void oac_cuda_facts(const void *state, struct gpu_facts *facts);
const char *oac_cuda_run(void *state,
                         const void *const *in,
                         void *const *out,
                         size_t n,
                         size_t skip,
                         const float *tail,
                         float *new_tail);
const char *oac_cuda_measure(void *state, double seconds, oaconv_gpu_rates *rates);
void oac_cuda_close(void *state);

/* Waits for what is on the way, or for everything sent to the slot's stream so far. */
const char *oac_cuda_wait(struct gpu_filter *f, struct slot *slot);
const char *oac_cuda_wait_for_all(struct gpu_filter *f, struct slot *slot);

/* Waits for everything that a failed call has left on the way, or abandons it; gives the failure
 * back. */
const char *oac_cuda_settle(struct gpu_filter *f, const char *failure);

/* Runs every unit in every slot once, on impulses, and compares with the taps; where it decimates,
 * again with another sample kept first. Then checks that nothing has written to the padding of the
 * blocks. NULL, or what is wrong. */
const char *oac_cuda_check(struct gpu_filter *f, const struct gpu_request *request);

#endif
