/* SPDX-License-Identifier: GPL-3.0-or-later
 * The backends at work on one set of taps: the CPU's, and a GPU's before it. */
#ifndef OAC_TAP_STATE_H
#define OAC_TAP_STATE_H

#include "backends/backend.h"
#include "base/thread_pool.h"

/* What all states of a filter have in common. */
struct setup {
    oaconv_type type;
    oaconv_precision precision;
    size_t n_channels, decimation;
    size_t hop, row_length, n_fft, segment; /* as configured */
    const struct backend *cpu;
    const struct backend *gpu; /* or NULL */
    struct means means;
    struct pool *pool; /* for the CPU; NULL: the working thread does all */
};

/* Everything that depends on the taps. */
struct tap_state {
    struct plan plan; /* of the CPU's; its hop is the GPU's, too */
    char plan_reason[OAC_MAX_REASON];
    void *cpu_state;
    void *gpu_state; /* or NULL */
    char gpu_refusal[OAC_MAX_REASON];
    struct taps taps; /* a copy, to open a GPU again; empty without one */
    /* Samples owed to the future besides those in the backends: [M][capacity], of which n_pending
     * from index begin on are in use and all after them are zero. */
    void **pending;
    size_t capacity, begin, n_pending;
    struct tap_state *next; /* in the list of the retired */
};

/* What the planner is asked for these taps, and by what costs. */
struct plan_request
oac_tap_state_request(const struct setup *setup, const struct taps *taps, size_t max_hop);
const struct cost_table *oac_tap_state_costs(const struct setup *setup);

struct demand {
    size_t max_hop;
    size_t owed; /* samples that pending must hold, or n_owed of the plan where that is more */
    enum { NO_GPU, TRY_GPU, NEED_GPU } gpu; /* where the setup has one */
};

/* A GPU that refuses where one is needed is the status, and nothing else has been allocated; where
 * one is only tried, gpu_state stays NULL and gpu_refusal says why. */
oaconv_status oac_tap_state_create(struct tap_state **state,
                                   const struct setup *setup,
                                   const struct taps *taps,
                                   const struct demand *demand);

void oac_tap_state_destroy(struct tap_state *state, const struct setup *setup); /* accepts NULL */

/* Opens the GPU again after gpu_state has been destroyed, empty. */
oaconv_status oac_tap_state_open_gpu(struct tap_state *state, const struct setup *setup);
void oac_tap_state_close_gpu(struct tap_state *state, const struct setup *setup);

/* One call: n samples of all channels, of which sample `skip` is the first that is kept. */
struct call {
    const void *const *in;
    void *const *out;
    size_t n, skip;
};

/* Zero-state; only a GPU fails. Does not allocate. */
oaconv_status oac_tap_state_run_gpu(const struct tap_state *state,
                                    const struct setup *setup,
                                    const struct call *call);
oaconv_status oac_tap_state_run_cpu(const struct tap_state *state,
                                    const struct setup *setup,
                                    const struct call *call);

#endif
