/* SPDX-License-Identifier: GPL-3.0-or-later
 * The backends at work on one set of taps. */
#include "tap_state.h"

#include "base/error.h"
#include "base/memory.h"
#include "calibrate/cost_table.h"

#include <stdatomic.h>
#include <stdio.h>

static size_t n_workers(const struct setup *setup)
{
    return setup->means.n_workers;
}

static bool alloc_pending(const struct setup *setup, struct tap_state *s, size_t capacity)
{
    size_t bytes;
    if (!oac_multiply(capacity, oac_sample_bytes(setup->type, setup->precision), &bytes))
        return false;
    char *samples = oac_alloc(setup->n_channels, bytes);
    s->pending = oac_alloc(setup->n_channels, sizeof *s->pending);
    if (!samples || !s->pending) {
        oac_free(samples);
        return false;
    }
    for (size_t m = 0; m < setup->n_channels; m++)
        s->pending[m] = samples + m * bytes;
    s->capacity = capacity;
    return true;
}

struct plan_request
oac_tap_state_request(const struct setup *setup, const struct taps *taps, size_t max_hop)
{
    /* Calls with whole rows are so long that each row has the caches for itself. */
    const bool alone = setup->row_length > 0;
    return (struct plan_request){.type = setup->type,
                                 .precision = setup->precision,
                                 .n_channels = alone ? 1 : setup->n_channels,
                                 .n_rows = alone ? 1 : taps->n_distinct,
                                 .n_taps = taps->longest,
                                 .decimation = setup->decimation,
                                 .hop = setup->hop,
                                 .max_hop = max_hop,
                                 .row_length = setup->row_length,
                                 .n_fft = setup->n_fft,
                                 .segment = setup->segment};
}

const struct cost_table *oac_tap_state_costs(const struct setup *setup)
{
    return setup->row_length ? oac_cost_table_at_once() : oac_cost_table();
}

static oaconv_status refuse_plan(const struct plan_request *request)
{
    return oac_fail(
        OAC_ERR_ARG,
        "no plan: an FFT of %zu points, segments of %zu samples and a hop of %zu do not "
        "go together with %zu taps",
        request->n_fft,
        request->segment,
        request->hop,
        request->n_taps);
}

static oaconv_status
choose_plan(struct tap_state *s, const struct setup *setup, const struct taps *taps, size_t max_hop)
{
    s->plan = oac_plan_of_taps(taps->longest, setup->decimation);
    s->plan.hop = setup->hop ? setup->hop : setup->decimation;
    s->plan.segment = s->plan.hop / setup->decimation;
    s->plan.n_partitions = 1;
    s->plan.cost = (double)taps->longest / (double)setup->decimation;
    if (setup->cpu->uses_fft) {
        struct plan_request request = oac_tap_state_request(setup, taps, max_hop);
        request.method = setup->cpu->method;
        if (request.n_fft && !oac_plan_exists(&request))
            return refuse_plan(&request);
        oac_plan_init(&s->plan, &request, oac_tap_state_costs(setup));
        oac_plan_describe(&s->plan, &request, s->plan_reason, sizeof s->plan_reason);
    }
    return OAC_OK;
}

oaconv_status oac_tap_state_open_gpu(struct tap_state *s, const struct setup *setup)
{
    return setup->gpu->create(&s->gpu_state, &s->plan, &s->taps, &setup->means);
}

void oac_tap_state_close_gpu(struct tap_state *s, const struct setup *setup)
{
    if (s->gpu_state)
        setup->gpu->destroy(s->gpu_state);
    s->gpu_state = NULL;
}

/* The GPU that is wanted, if there is room for it. */
static oaconv_status build_gpu(struct tap_state *s, const struct setup *setup, bool needed)
{
    oaconv_status status = oac_tap_state_open_gpu(s, setup);
    if (status == OAC_OK || needed)
        return status;
    snprintf(s->gpu_refusal, sizeof s->gpu_refusal, "%s", oaconv_last_error());
    return OAC_OK;
}

static oaconv_status build_state(struct tap_state *s,
                                 const struct setup *setup,
                                 const struct taps *taps,
                                 const struct demand *demand)
{
    oaconv_status status = OAC_OK;
    if (setup->gpu)
        status = oac_taps_copy(&s->taps, taps);
    if (status == OAC_OK && setup->gpu && demand->gpu != NO_GPU)
        status = build_gpu(s, setup, demand->gpu == NEED_GPU);
    if (status == OAC_OK)
        status = setup->cpu->create(&s->cpu_state, &s->plan, taps, &setup->means);
    const size_t own = s->plan.n_owed, capacity = own > demand->owed ? own : demand->owed;
    if (status == OAC_OK && !alloc_pending(setup, s, capacity))
        status = oac_fail(OAC_ERR_NO_MEMORY,
                          "out of memory for the tails of %zu channels of %zu taps",
                          setup->n_channels,
                          taps->longest);
    return status;
}

oaconv_status oac_tap_state_create(struct tap_state **state,
                                   const struct setup *setup,
                                   const struct taps *taps,
                                   const struct demand *demand)
{
    struct tap_state *s = oac_alloc(1, sizeof *s);
    if (!s)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    oaconv_status status = choose_plan(s, setup, taps, demand->max_hop);
    if (status == OAC_OK)
        status = build_state(s, setup, taps, demand);
    if (status != OAC_OK) {
        oac_tap_state_destroy(s, setup);
        return status;
    }
    *state = s;
    return OAC_OK;
}

void oac_tap_state_destroy(struct tap_state *s, const struct setup *setup)
{
    if (!s)
        return;
    oac_tap_state_close_gpu(s, setup);
    setup->cpu->destroy(s->cpu_state);
    oac_taps_free(&s->taps);
    if (s->pending)
        oac_free(s->pending[0]);
    oac_free(s->pending);
    oac_free(s);
}

/* ---- samples ---- */

oaconv_status
oac_tap_state_run_gpu(const struct tap_state *s, const struct setup *setup, const struct call *call)
{
    const struct share all = {.end = setup->n_channels, .skip = call->skip};
    return setup->gpu->run(s->gpu_state, &all, call->in, call->out, call->n);
}

/* One call, shared by the workers in groups of channels: whoever is free takes the next. */
struct shared_call {
    const struct tap_state *tap_state;
    const struct setup *setup;
    const struct call *call;
    size_t group;
    atomic_size_t next; /* channel */
    atomic_int status;
};

static void run_shares(void *context, size_t worker)
{
    struct shared_call *shared = context;
    const size_t n_channels = shared->setup->n_channels;
    for (;;) {
        struct share share = {.worker = worker,
                              .first = atomic_fetch_add(&shared->next, shared->group),
                              .skip = shared->call->skip};
        if (share.first >= n_channels)
            return;
        share.end = share.first + shared->group;
        if (share.end > n_channels)
            share.end = n_channels;
        oaconv_status status = shared->setup->cpu->run(shared->tap_state->cpu_state,
                                                       &share,
                                                       shared->call->in,
                                                       shared->call->out,
                                                       shared->call->n);
        if (status != OAC_OK)
            atomic_store(&shared->status, (int)status);
    }
}

/* Work that is worth waking other threads for, in nanoseconds of one of them. */
static const double worth_sharing = 200e3;

oaconv_status
oac_tap_state_run_cpu(const struct tap_state *s, const struct setup *setup, const struct call *call)
{
    const double work = s->plan.cost * (double)call->n * (double)setup->n_channels;
    if (!setup->pool || work < worth_sharing) {
        const struct share all = {.end = setup->n_channels, .skip = call->skip};
        return setup->cpu->run(s->cpu_state, &all, call->in, call->out, call->n);
    }
    const size_t group = setup->n_channels / (4 * n_workers(setup));
    struct shared_call shared = {
        .tap_state = s, .setup = setup, .call = call, .group = group > 0 ? group : 1};
    atomic_init(&shared.next, 0);
    atomic_init(&shared.status, OAC_OK);
    oac_pool_run(setup->pool, run_shares, &shared);
    return (oaconv_status)atomic_load(&shared.status);
}
