/* SPDX-License-Identifier: GPL-3.0-or-later
 * The front: checks arguments, picks the backend, and owns what is owed to the future.
 *
 * A backend computes its zero-state response only and can be drained. Tap changes, the end of a
 * piece and the tail of the stream are all the same step: drain the backend into `pending`. */
#include "oaconv/oaconv.h"

#include "backend.h"
#include "cost_table.h"
#include "error.h"
#include "memory.h"
#include "pool.h"
#include "version.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

/* Everything that depends on the taps. */
struct engine {
    struct plan plan;
    char plan_reason[OAC_MAX_REASON];
    void *state; /* of the backend */
    /* Samples owed to the future besides those in the backend: [M][capacity], of which n_pending
     * from index begin on are in use and all after them are zero. */
    float **pending;
    size_t capacity, begin, n_pending;
    struct engine *next; /* in the list of the retired */
};

struct oaconv {
    oaconv_type type;
    size_t n_channels, hop; /* as configured */
    _Atomic(size_t) max_hop;
    const struct backend *backend;
    char reason[OAC_MAX_REASON];
    struct engine *engine; /* in force; the working thread's */
    struct pool *pool;     /* NULL: the working thread does all */

    pthread_mutex_t prepare_lock; /* never taken by the working thread */
    size_t last_owed;             /* P - 1 of what was prepared last; under prepare_lock */
    _Atomic(struct engine *) prepared, retired;
    atomic_size_t owed; /* samples that may be pending by the next swap; the working thread tells */
    atomic_bool swapping; /* `owed` is about to change */

    uint64_t n_samples;    /* since creation or reset */
    uint64_t engine_since; /* the sample from which the taps are in force */
    uint64_t owed_until;   /* the end of all ring-out of earlier taps */
    uint64_t tail_read;    /* samples of the tail handed out */
    uint64_t n_changes;
    bool finished; /* a piece has ended since the last sample, or none has begun */
    bool drained;  /* nothing is in the backend */
};

const char *oaconv_version(void)
{
    return OAC_VERSION;
}

size_t oaconv_backend_count(void)
{
    return oac_backend_count();
}

const char *oaconv_backend_name(size_t i)
{
    const struct backend *backend = oac_backend_get(i);
    return backend ? backend->name : NULL;
}

bool oaconv_backend_usable(size_t i, const char **reason)
{
    const struct backend *backend = oac_backend_get(i);
    const char *why = "no such backend";
    const bool usable = backend && backend->usable(&why);
    if (reason)
        *reason = why;
    return usable;
}

void oaconv_config_init(oaconv_config *config)
{
    *config = (oaconv_config){.type = OAC_REAL, .backend = "auto"};
}

static size_t sample_bytes(const oaconv *f)
{
    return oac_sample_width(f->type) * sizeof(float);
}

static size_t n_workers(const oaconv *f)
{
    return f->pool ? oac_pool_workers(f->pool) : 1;
}

/* ---- engines ---- */

static void engine_destroy(const oaconv *f, struct engine *e)
{
    if (!e)
        return;
    f->backend->destroy(e->state);
    if (e->pending)
        oac_free(e->pending[0]);
    oac_free(e->pending);
    oac_free(e);
}

static bool alloc_pending(const oaconv *f, struct engine *e, size_t capacity)
{
    size_t bytes;
    if (!oac_multiply(capacity, sample_bytes(f), &bytes))
        return false;
    float *samples = oac_alloc(f->n_channels, bytes);
    e->pending = oac_alloc(f->n_channels, sizeof *e->pending);
    if (!samples || !e->pending) {
        oac_free(samples);
        return false;
    }
    for (size_t m = 0; m < f->n_channels; m++)
        e->pending[m] = samples + m * bytes / sizeof *samples;
    e->capacity = capacity;
    return true;
}

static struct plan_request make_request(const oaconv *f, const struct taps *taps)
{
    return (struct plan_request){.type = f->type,
                                 .n_channels = f->n_channels,
                                 .n_rows = taps->n_distinct,
                                 .n_taps = taps->longest,
                                 .hop = f->hop,
                                 .max_hop = atomic_load(&f->max_hop)};
}

static void make_plan(struct engine *e, const oaconv *f, const struct taps *taps)
{
    e->plan = (struct plan){.n_taps = taps->longest,
                            .segment = f->hop ? f->hop : 1,
                            .hop = f->hop ? f->hop : 1,
                            .n_partitions = 1,
                            .partition = taps->longest,
                            .cost = (double)taps->longest};
    if (f->backend->uses_fft) {
        struct plan_request request = make_request(f, taps);
        request.method = f->backend->method;
        oac_plan_init(&e->plan, &request, oac_cost_table());
        oac_plan_describe(&e->plan, &request, e->plan_reason, sizeof e->plan_reason);
    }
}

/* Builds an engine whose pending has room for `owed` samples, or for its own P - 1. */
static oaconv_status
engine_create(struct engine **engine, const oaconv *f, const struct taps *taps, size_t owed)
{
    struct engine *e = oac_alloc(1, sizeof *e);
    if (!e)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    make_plan(e, f, taps);
    oaconv_status status = f->backend->create(&e->state, &e->plan, taps, n_workers(f));
    const size_t own = taps->longest - 1, capacity = own > owed ? own : owed;
    if (status == OAC_OK && !alloc_pending(f, e, capacity))
        status = oac_fail(OAC_ERR_NO_MEMORY,
                          "out of memory for the tails of %zu channels of %zu taps",
                          f->n_channels,
                          taps->longest);
    if (status != OAC_OK) {
        engine_destroy(f, e);
        return status;
    }
    *engine = e;
    return OAC_OK;
}

/* Moves the pending samples of e to the start of `to`: e itself, or one that has none. */
static void move_pending(const oaconv *f, struct engine *e, struct engine *to)
{
    const size_t bytes = sample_bytes(f), width = oac_sample_width(f->type);
    for (size_t m = 0; m < f->n_channels; m++) {
        memmove(to->pending[m], e->pending[m] + e->begin * width, e->n_pending * bytes);
        if (to == e)
            memset(to->pending[m] + e->n_pending * width, 0, e->begin * bytes);
    }
    to->n_pending = e->n_pending;
    to->begin = 0;
}

/* Tells oaconv_taps_prepare() how much may be pending when its work is swapped in. */
static void publish_owed(oaconv *f)
{
    const size_t own = f->engine->plan.n_taps - 1, pending = f->engine->n_pending;
    atomic_store(&f->owed, own > pending ? own : pending);
}

/* Everything e still owes ends up in the pending samples of `to`. */
static void drain(const oaconv *f, struct engine *e, struct engine *to)
{
    const size_t owed = f->drained ? 0 : e->plan.n_taps - 1;
    if (to != e || owed > 0)
        move_pending(f, e, to);
    if (owed > 0)
        f->backend->drain(e->state, to->pending);
    if (to->n_pending < owed)
        to->n_pending = owed;
}

/* Has all that is owed in the pending samples. */
static void settle(oaconv *f)
{
    drain(f, f->engine, f->engine);
    f->drained = true;
}

/* Takes the next n samples out of pending: adds them to out, or puts them there. */
static void take_pending(oaconv *f, void *const *out, size_t n, bool add)
{
    struct engine *e = f->engine;
    const size_t width = oac_sample_width(f->type);
    const size_t taken = n < e->n_pending ? n : e->n_pending;
    for (size_t m = 0; m < f->n_channels; m++) {
        const float *owed = e->pending[m] + e->begin * width;
        float *to = out[m];
        if (!add)
            memset(to, 0, n * width * sizeof *to);
        for (size_t i = 0; i < taken * width; i++)
            to[i] += owed[i];
    }
    e->begin += taken;
    e->n_pending -= taken;
    if (taken > 0)
        publish_owed(f);
}

/* ---- life ---- */

static oaconv_status check_config(const oaconv_config *config, oaconv *f)
{
    if (config->type != OAC_REAL && config->type != OAC_COMPLEX_REAL_TAPS &&
        config->type != OAC_COMPLEX)
        return oac_fail(OAC_ERR_ARG, "unknown type %d", (int)config->type);
    if (config->hop > OAC_MAX_HOP || config->max_hop > OAC_MAX_HOP)
        return oac_fail(OAC_ERR_TOO_LARGE,
                        "a hop of %zu samples; at most %zu are possible",
                        config->hop > config->max_hop ? config->hop : config->max_hop,
                        OAC_MAX_HOP);
    f->type = config->type;
    f->n_channels = config->n_channels ? config->n_channels : config->n_rows;
    f->hop = config->hop;
    atomic_init(&f->max_hop, config->max_hop);
    return OAC_OK;
}

/* Workers for M channels: never more than cores or channels. */
static oaconv_status make_pool(oaconv *f, size_t n_threads)
{
    size_t n = oac_pool_cores();
    if (n_threads > 0 && n_threads < n)
        n = n_threads;
    if (n > f->n_channels)
        n = f->n_channels;
    if (n <= 1)
        return OAC_OK;
    f->pool = oac_pool_create(n);
    return f->pool ? OAC_OK : oac_fail(OAC_ERR_NO_MEMORY, "out of memory for %zu threads", n);
}

static oaconv_status build(oaconv *f, const oaconv_config *config)
{
    oaconv_status status = check_config(config, f);
    if (status != OAC_OK)
        return status;
    struct taps taps;
    status = oac_taps_init(&taps, f->type, f->n_channels, config->rows, config->n_rows);
    if (status != OAC_OK)
        return status;
    const struct plan_request request = make_request(f, &taps);
    status = oac_backend_find(config->backend, &request, &f->backend, f->reason);
    if (status == OAC_OK)
        status = make_pool(f, config->threads);
    if (status == OAC_OK)
        status = engine_create(&f->engine, f, &taps, 0);
    if (status == OAC_OK)
        publish_owed(f);
    oac_taps_free(&taps);
    return status;
}

oaconv_status oaconv_create(oaconv **filter, const oaconv_config *config)
{
    if (!filter || !config)
        return oac_fail(OAC_ERR_ARG, "oaconv_create: null pointer");
    *filter = NULL;
    oaconv *f = oac_alloc(1, sizeof *f);
    if (!f)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    pthread_mutex_init(&f->prepare_lock, NULL);
    atomic_init(&f->prepared, NULL);
    atomic_init(&f->retired, NULL);
    f->finished = f->drained = true;
    oaconv_status status = build(f, config);
    if (status != OAC_OK) {
        oaconv_destroy(f);
        return status;
    }
    *filter = f;
    return OAC_OK;
}

static void free_retired(oaconv *f)
{
    struct engine *e = atomic_exchange(&f->retired, NULL);
    while (e) {
        struct engine *next = e->next;
        engine_destroy(f, e);
        e = next;
    }
}

void oaconv_destroy(oaconv *f)
{
    if (!f)
        return;
    free_retired(f);
    engine_destroy(f, atomic_exchange(&f->prepared, NULL));
    engine_destroy(f, f->engine);
    oac_pool_destroy(f->pool);
    pthread_mutex_destroy(&f->prepare_lock);
    oac_free(f);
}

/* ---- samples ---- */

static oaconv_status
check_pointers(const oaconv *f, const void *const *in, void *const *out, const char *call)
{
    if (!f || !in || !out)
        return oac_fail(OAC_ERR_ARG, "%s: null pointer", call);
    for (size_t m = 0; m < f->n_channels; m++)
        if (!in[m] || !out[m])
            return oac_fail(OAC_ERR_ARG, "%s: channel %zu is a null pointer", call, m);
    return OAC_OK;
}

/* One call, dealt out to the workers in groups of channels: whoever is free takes the next. */
struct deal {
    const oaconv *filter;
    const void *const *in;
    void *const *out;
    size_t n, group;
    atomic_size_t next; /* channel */
    atomic_int status;
};

static void run_shares(void *context, size_t worker)
{
    struct deal *deal = context;
    const oaconv *f = deal->filter;
    for (;;) {
        struct share share = {worker, atomic_fetch_add(&deal->next, deal->group), 0};
        if (share.first >= f->n_channels)
            return;
        share.end = share.first + deal->group;
        if (share.end > f->n_channels)
            share.end = f->n_channels;
        oaconv_status status =
            f->backend->run(f->engine->state, &share, deal->in, deal->out, deal->n);
        if (status != OAC_OK)
            atomic_store(&deal->status, (int)status);
    }
}

/* Work that is worth waking other threads for, in nanoseconds of one of them. */
static const double worth_sharing = 200e3;

static oaconv_status run_backend(const oaconv *f, const void *const *in, void *const *out, size_t n)
{
    const double work = f->engine->plan.cost * (double)n * (double)f->n_channels;
    if (!f->pool || work < worth_sharing) {
        const struct share all = {.worker = 0, .first = 0, .end = f->n_channels};
        return f->backend->run(f->engine->state, &all, in, out, n);
    }
    const size_t group = f->n_channels / (4 * n_workers(f));
    struct deal deal = {.filter = f, .in = in, .out = out, .n = n, .group = group > 0 ? group : 1};
    atomic_init(&deal.next, 0);
    atomic_init(&deal.status, OAC_OK);
    oac_pool_run(f->pool, run_shares, &deal);
    return (oaconv_status)atomic_load(&deal.status);
}

static oaconv_status run(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f->tail_read > 0)
        return oac_fail(OAC_ERR_ARG, "the tail has been read: oaconv_reset must come first");
    if (f->finished)
        settle(f);
    oaconv_status status = run_backend(f, in, out, n);
    if (status != OAC_OK)
        return status;
    take_pending(f, out, n, true);
    f->n_samples += n;
    f->finished = f->drained = false;
    return OAC_OK;
}

oaconv_status oaconv_process(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f && n == 0)
        return OAC_OK;
    oaconv_status status = check_pointers(f, in, out, "oaconv_process");
    if (status != OAC_OK)
        return status;
    if (n % f->engine->plan.hop)
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_process: %zu samples are no multiple of the hop, %zu",
                        n,
                        f->engine->plan.hop);
    return run(f, in, out, n);
}

oaconv_status oaconv_finish(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_finish: null pointer");
    if (n >= f->engine->plan.hop)
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_finish: %zu samples are not less than the hop, %zu",
                        n,
                        f->engine->plan.hop);
    oaconv_status status = n ? check_pointers(f, in, out, "oaconv_finish") : OAC_OK;
    if (status == OAC_OK && n)
        status = run(f, in, out, n);
    if (status == OAC_OK)
        f->finished = true;
    return status;
}

/* One past the last sample that the samples so far reach. */
static uint64_t reach(const oaconv *f)
{
    const uint64_t own = f->n_samples + f->engine->plan.n_taps - 1;
    return own > f->owed_until ? own : f->owed_until;
}

size_t oaconv_tail_length(const oaconv *f)
{
    const uint64_t end = reach(f), done = f->n_samples + f->tail_read;
    return end > done ? (size_t)(end - done) : 0;
}

oaconv_status oaconv_read_tail(oaconv *f, void *const *out, size_t n)
{
    if (!f || (n && !out))
        return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: null pointer");
    if (!f->finished)
        return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: oaconv_finish must come first");
    if (n > oaconv_tail_length(f))
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_read_tail: %zu samples asked for, %zu are left",
                        n,
                        oaconv_tail_length(f));
    for (size_t m = 0; n && m < f->n_channels; m++)
        if (!out[m])
            return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: channel %zu is a null pointer", m);
    if (n > 0) {
        settle(f);
        take_pending(f, out, n, false);
    }
    f->tail_read += n;
    return OAC_OK;
}

void oaconv_reset(oaconv *f)
{
    struct engine *e = f->engine;
    f->backend->drain(e->state, NULL);
    for (size_t m = 0; m < f->n_channels; m++)
        memset(e->pending[m], 0, (e->begin + e->n_pending) * sample_bytes(f));
    e->begin = e->n_pending = 0;
    publish_owed(f);
    f->n_samples = f->engine_since = f->owed_until = f->tail_read = f->n_changes = 0;
    f->finished = f->drained = true;
}

/* ---- taps while running ---- */

/* The most that can be pending when what is prepared next is swapped in: by then the engine in
 * force is the one of now or what was prepared last. Under prepare_lock. */
static size_t read_owed(oaconv *f)
{
    while (atomic_load(&f->swapping)) /* a moment of the working thread */
        sched_yield();
    const size_t owed = atomic_load(&f->owed);
    return owed > f->last_owed ? owed : f->last_owed;
}

oaconv_status oaconv_taps_prepare(oaconv *f, const oaconv_row *rows, size_t n_rows)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_taps_prepare: null pointer");
    struct taps taps;
    oaconv_status status = oac_taps_init(&taps, f->type, f->n_channels, rows, n_rows);
    if (status != OAC_OK)
        return status;
    pthread_mutex_lock(&f->prepare_lock);
    free_retired(f);
    struct engine *e = NULL;
    const size_t owed = read_owed(f);
    status = engine_create(&e, f, &taps, owed);
    if (status == OAC_OK) {
        f->last_owed = taps.longest - 1;
        engine_destroy(f, atomic_exchange(&f->prepared, e));
    }
    pthread_mutex_unlock(&f->prepare_lock);
    oac_taps_free(&taps);
    return status;
}

void oaconv_set_max_hop(oaconv *f, size_t max_hop)
{
    atomic_store(&f->max_hop, max_hop);
}

static void retire(oaconv *f, struct engine *e)
{
    e->next = atomic_load(&f->retired);
    while (!atomic_compare_exchange_weak(&f->retired, &e->next, e)) {
    }
}

/* The working thread's half of a swap: `next` takes over what the engine in force owes. */
static void replace_engine(oaconv *f, struct engine *next)
{
    struct engine *old = f->engine;
    if (f->n_samples > f->engine_since)
        f->owed_until = reach(f);
    drain(f, old, next);
    f->drained = true;
    f->engine = next;
    f->engine_since = f->n_samples;
    f->n_changes++;
    publish_owed(f);
    retire(f, old);
}

bool oaconv_taps_swap(oaconv *f)
{
    if (!atomic_load_explicit(&f->prepared, memory_order_relaxed))
        return false;
    atomic_store(&f->swapping, true);
    struct engine *next = atomic_exchange(&f->prepared, NULL);
    if (next)
        replace_engine(f, next);
    atomic_store(&f->swapping, false);
    return next != NULL;
}

void oaconv_get_info(const oaconv *f, oaconv_info *info)
{
    const struct plan *plan = &f->engine->plan;
    *info = (oaconv_info){.n_channels = f->n_channels,
                          .n_taps = plan->n_taps,
                          .n_partitions = plan->n_partitions,
                          .n_fft = plan->n_fft,
                          .segment = plan->segment,
                          .hop = plan->hop,
                          .threads = n_workers(f),
                          .latency = plan->hop - 1,
                          .cost = f->backend->uses_fft ? plan->cost : 0,
                          .n_samples = f->n_samples,
                          .n_changes = f->n_changes,
                          .last_change = f->engine_since,
                          .backend = f->backend->name,
                          .reason = f->reason,
                          .plan_reason = f->engine->plan_reason};
}

/* ---- whole rows ---- */

/* The M pointers of `rows`, `offset` bytes on, into `moved`. */
static void move_pointers(char **moved, const void *const *rows, size_t n, size_t offset)
{
    for (size_t m = 0; m < n; m++)
        moved[m] = (char *)(uintptr_t)rows[m] + offset;
}

oaconv_status
oaconv_convolve(const oaconv_config *config, const void *const *in, void *const *out, size_t n)
{
    oaconv *f = NULL;
    oaconv_status status = oaconv_create(&f, config);
    if (status != OAC_OK || n == 0) {
        oaconv_destroy(f);
        return status;
    }
    const size_t whole = n - n % f->engine->plan.hop, M = f->n_channels;
    char **from = oac_alloc(M, sizeof *from), **to = oac_alloc(M, sizeof *to);
    if (!from || !to)
        status = oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    if (status == OAC_OK)
        status = check_pointers(f, in, out, "oaconv_convolve");
    if (status == OAC_OK)
        status = oaconv_process(f, in, out, whole);
    if (status == OAC_OK) {
        move_pointers(from, in, M, whole * sample_bytes(f));
        move_pointers(to, (const void *const *)out, M, whole * sample_bytes(f));
        status = oaconv_finish(f, (const void *const *)from, (void *const *)to, n - whole);
    }
    if (status == OAC_OK) {
        move_pointers(to, (const void *const *)out, M, n * sample_bytes(f));
        status = oaconv_read_tail(f, (void *const *)to, oaconv_tail_length(f));
    }
    oac_free(from);
    oac_free(to);
    oaconv_destroy(f);
    return status;
}
