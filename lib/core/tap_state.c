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

static bool alloc_pending(const struct setup *setup, struct engine *e, size_t capacity)
{
    size_t bytes;
    if (!oac_multiply(capacity, oac_sample_bytes(setup->type, setup->precision), &bytes))
        return false;
    char *samples = oac_alloc(setup->n_channels, bytes);
    e->pending = oac_alloc(setup->n_channels, sizeof *e->pending);
    if (!samples || !e->pending) {
        oac_free(samples);
        return false;
    }
    for (size_t m = 0; m < setup->n_channels; m++)
        e->pending[m] = samples + m * bytes;
    e->capacity = capacity;
    return true;
}

struct plan_request
oac_engine_request(const struct setup *setup, const struct taps *taps, size_t max_hop)
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

const struct cost_table *oac_engine_costs(const struct setup *setup)
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
make_plan(struct engine *e, const struct setup *setup, const struct taps *taps, size_t max_hop)
{
    e->plan = oac_plan_of_taps(taps->longest, setup->decimation);
    e->plan.hop = setup->hop ? setup->hop : setup->decimation;
    e->plan.segment = e->plan.hop / setup->decimation;
    e->plan.n_partitions = 1;
    e->plan.cost = (double)taps->longest / (double)setup->decimation;
    if (setup->cpu->uses_fft) {
        struct plan_request request = oac_engine_request(setup, taps, max_hop);
        request.method = setup->cpu->method;
        if (request.n_fft && !oac_plan_exists(&request))
            return refuse_plan(&request);
        oac_plan_init(&e->plan, &request, oac_engine_costs(setup));
        oac_plan_describe(&e->plan, &request, e->plan_reason, sizeof e->plan_reason);
    }
    return OAC_OK;
}

oaconv_status oac_engine_open_gpu(struct engine *e, const struct setup *setup)
{
    return setup->gpu->create(&e->gpu_state, &e->plan, &e->taps, &setup->means);
}

void oac_engine_close_gpu(struct engine *e, const struct setup *setup)
{
    if (e->gpu_state)
        setup->gpu->destroy(e->gpu_state);
    e->gpu_state = NULL;
}

/* The GPU that is wanted, if there is room for it. */
static oaconv_status build_gpu(struct engine *e, const struct setup *setup, bool needed)
{
    oaconv_status status = oac_engine_open_gpu(e, setup);
    if (status == OAC_OK || needed)
        return status;
    snprintf(e->gpu_refusal, sizeof e->gpu_refusal, "%s", oaconv_last_error());
    return OAC_OK;
}

static oaconv_status build(struct engine *e,
                           const struct setup *setup,
                           const struct taps *taps,
                           const struct demand *demand)
{
    oaconv_status status = OAC_OK;
    if (setup->gpu)
        status = oac_taps_copy(&e->taps, taps);
    if (status == OAC_OK && setup->gpu && demand->gpu != NO_GPU)
        status = build_gpu(e, setup, demand->gpu == NEED_GPU);
    if (status == OAC_OK)
        status = setup->cpu->create(&e->cpu_state, &e->plan, taps, &setup->means);
    const size_t own = e->plan.n_owed, capacity = own > demand->owed ? own : demand->owed;
    if (status == OAC_OK && !alloc_pending(setup, e, capacity))
        status = oac_fail(OAC_ERR_NO_MEMORY,
                          "out of memory for the tails of %zu channels of %zu taps",
                          setup->n_channels,
                          taps->longest);
    return status;
}

oaconv_status oac_engine_create(struct engine **engine,
                                const struct setup *setup,
                                const struct taps *taps,
                                const struct demand *demand)
{
    struct engine *e = oac_alloc(1, sizeof *e);
    if (!e)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    oaconv_status status = make_plan(e, setup, taps, demand->max_hop);
    if (status == OAC_OK)
        status = build(e, setup, taps, demand);
    if (status != OAC_OK) {
        oac_engine_destroy(e, setup);
        return status;
    }
    *engine = e;
    return OAC_OK;
}

void oac_engine_destroy(struct engine *e, const struct setup *setup)
{
    if (!e)
        return;
    oac_engine_close_gpu(e, setup);
    setup->cpu->destroy(e->cpu_state);
    oac_taps_free(&e->taps);
    if (e->pending)
        oac_free(e->pending[0]);
    oac_free(e->pending);
    oac_free(e);
}

/* ---- samples ---- */

oaconv_status
oac_engine_run_gpu(const struct engine *e, const struct setup *setup, const struct call *call)
{
    const struct share all = {.end = setup->n_channels, .skip = call->skip};
    return setup->gpu->run(e->gpu_state, &all, call->in, call->out, call->n);
}

/* One call, dealt out to the workers in groups of channels: whoever is free takes the next. */
struct deal {
    const struct engine *engine;
    const struct setup *setup;
    const struct call *call;
    size_t group;
    atomic_size_t next; /* channel */
    atomic_int status;
};

static void run_shares(void *context, size_t worker)
{
    struct deal *deal = context;
    const size_t n_channels = deal->setup->n_channels;
    for (;;) {
        struct share share = {.worker = worker,
                              .first = atomic_fetch_add(&deal->next, deal->group),
                              .skip = deal->call->skip};
        if (share.first >= n_channels)
            return;
        share.end = share.first + deal->group;
        if (share.end > n_channels)
            share.end = n_channels;
        oaconv_status status = deal->setup->cpu->run(
            deal->engine->cpu_state, &share, deal->call->in, deal->call->out, deal->call->n);
        if (status != OAC_OK)
            atomic_store(&deal->status, (int)status);
    }
}

/* Work that is worth waking other threads for, in nanoseconds of one of them. */
static const double worth_sharing = 200e3;

oaconv_status
oac_engine_run_cpu(const struct engine *e, const struct setup *setup, const struct call *call)
{
    const double work = e->plan.cost * (double)call->n * (double)setup->n_channels;
    if (!setup->pool || work < worth_sharing) {
        const struct share all = {.end = setup->n_channels, .skip = call->skip};
        return setup->cpu->run(e->cpu_state, &all, call->in, call->out, call->n);
    }
    const size_t group = setup->n_channels / (4 * n_workers(setup));
    struct deal deal = {.engine = e, .setup = setup, .call = call, .group = group > 0 ? group : 1};
    atomic_init(&deal.next, 0);
    atomic_init(&deal.status, OAC_OK);
    oac_pool_run(setup->pool, run_shares, &deal);
    return (oaconv_status)atomic_load(&deal.status);
}
