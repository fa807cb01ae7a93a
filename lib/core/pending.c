/* SPDX-License-Identifier: GPL-3.0-or-later
 * Takes, drains and settles what samples owe to the future. */
#include "pending.h"

#include "backends/polyphase.h"

#include <string.h>

static size_t pending_sample_bytes(const oaconv *f)
{
    return oac_sample_bytes(f->setup.type, f->setup.precision);
}

/* Adds n samples. */
static void add_samples(const oaconv *f, void *to, const void *from, size_t n)
{
    const size_t n_elements = n * oac_sample_width(f->setup.type);
    if (f->setup.precision == OAC_DOUBLE) {
        double *sums = to;
        for (size_t i = 0; i < n_elements; i++)
            sums[i] += ((const double *)from)[i];
    } else {
        float *sums = to;
        for (size_t i = 0; i < n_elements; i++)
            sums[i] += ((const float *)from)[i];
    }
}

uint64_t oac_kept_before(const oaconv *f, uint64_t t)
{
    return oac_kept(t, f->setup.decimation);
}

uint64_t oac_reach(const oaconv *f)
{
    const uint64_t own = f->n_samples + f->tap_state->plan.n_taps - 1;
    return own > f->owed_until ? own : f->owed_until;
}

void oac_publish_owed(oaconv *f)
{
    const size_t own = f->tap_state->plan.n_owed, pending = f->tap_state->n_pending;
    atomic_store(&f->owed, own > pending ? own : pending);
}

/* Moves the pending samples of s to the start of `to`: s itself, or one that has none. */
static void move_pending(const oaconv *f, struct tap_state *s, struct tap_state *to)
{
    const size_t bytes = pending_sample_bytes(f);
    for (size_t m = 0; m < f->setup.n_channels; m++) {
        char *moved = to->pending[m];
        memmove(moved, (char *)s->pending[m] + s->begin * bytes, s->n_pending * bytes);
        if (to == s)
            memset(moved + s->n_pending * bytes, 0, s->begin * bytes);
    }
    to->n_pending = s->n_pending;
    to->begin = 0;
}

/* As drain() of the backend that filters with these taps; the other one is empty. */
static void drain_backend(const oaconv *f, const struct tap_state *s, void *const *tail, size_t n)
{
    if (oac_on_gpu(f, s))
        f->setup.gpu->drain(s->gpu_state, tail, n);
    else
        f->setup.cpu->drain(s->cpu_state, tail, n);
}

/* What the samples so far owe by the taps of s. */
static size_t owed_by(const oaconv *f, const struct tap_state *s)
{
    return (size_t)(oac_kept_before(f, f->n_samples + s->plan.n_taps - 1) -
                    oac_kept_before(f, f->n_samples));
}

void oac_drain(const oaconv *f, struct tap_state *s, struct tap_state *to)
{
    const size_t owed = f->drained ? 0 : owed_by(f, s);
    if (to != s || owed > 0)
        move_pending(f, s, to);
    if (!f->drained)
        drain_backend(f, s, to->pending, owed);
    if (to->n_pending < owed)
        to->n_pending = owed;
}

void oac_settle(oaconv *f)
{
    oac_drain(f, f->tap_state, f->tap_state);
    f->drained = true;
}

void oac_take_pending(oaconv *f, void *const *out, size_t n, bool add)
{
    struct tap_state *s = f->tap_state;
    const size_t bytes = pending_sample_bytes(f);
    const size_t taken = n < s->n_pending ? n : s->n_pending;
    for (size_t m = 0; m < f->setup.n_channels; m++) {
        if (!add)
            memset(out[m], 0, n * bytes);
        add_samples(f, out[m], (const char *)s->pending[m] + s->begin * bytes, taken);
    }
    s->begin += taken;
    s->n_pending -= taken;
    if (taken > 0)
        oac_publish_owed(f);
}

void oac_forget_pending(oaconv *f)
{
    struct tap_state *s = f->tap_state;
    drain_backend(f, s, NULL, 0);
    for (size_t m = 0; m < f->setup.n_channels; m++)
        memset(s->pending[m], 0, (s->begin + s->n_pending) * pending_sample_bytes(f));
    s->begin = s->n_pending = 0;
    oac_publish_owed(f);
}
