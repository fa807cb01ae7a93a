/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "simd": overlap-add with transforms of our own, one channel after another. */
#include "backends/simd/simd.h"
#include "base/error.h"
#include "base/memory.h"

#include <string.h>

/* ---- creation ---- */

static void simd_destroy(void *state)
{
    struct simd *s = state;
    if (!s)
        return;
    for (size_t i = 0; s->scratch && i < s->n_workers; i++) {
        oac_free(s->scratch[i].work);
        oac_free(s->scratch[i].in);
        oac_free(s->scratch[i].out);
        oac_free(s->scratch[i].deinterleaved);
        oac_free(s->scratch[i].branches);
        oac_free(s->scratch[i].inputs);
    }
    oac_free(s->scratch);
    oac_free(s->channel);
    oac_free(s->spectra);
    oac_free(s->tails);
    oac_free(s->slots);
    oac_simd_fft_close(s->fft);
    oac_free(s);
}

/* The spectrum of n taps of a row: tap `first` and every D-th after it. */
static void simd_transform_taps(const struct simd *s,
                                const oaconv_row *row,
                                size_t tap_width,
                                size_t first,
                                size_t n,
                                float *to)
{
    const double scale = 1.0 / (double)s->fft->n;
    const float *taps = row->taps;
    float *x = s->scratch[0].in;
    memset(x, 0, s->plan.n_fft * s->width * sizeof *x);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < tap_width; i++)
            x[k * s->width + i] =
                (float)(taps[(first + k * s->plan.decimation) * tap_width + i] * scale);
    const struct simd_block block = {.in = x, .n_in = oac_least(whole(n), s->plan.n_fft)};
    s->kernel->forward(s->fft, &block, to);
}

/* All partitions of a row; a row that ends early leaves zeros. */
static void transform_row(struct simd *s, const oaconv_row *row, size_t tap_width, float *to)
{
    const size_t D = s->plan.decimation, part = s->plan.partition;
    for (size_t begin = 0; begin < row->n_taps; begin += D * part)
        for (size_t first = begin; first < begin + s->plan.n_branches; first++, to += s->spectrum) {
            const size_t n = oac_kept_from(first, row->n_taps, D);
            if (n > 0)
                simd_transform_taps(s, row, tap_width, first, oac_least(part, n), to);
        }
}

static bool simd_alloc_scratch(const struct simd *s, struct scratch *scratch)
{
    const size_t n_branches = s->plan.n_branches, n_spectra = s->plan.n_partitions * n_branches;
    const bool decimates = s->plan.decimation > 1;
    const size_t n_here = decimates && s->plan.n_partitions == 1 ? n_branches : 0;
    scratch->work = oac_alloc(s->at_once, s->spectrum * sizeof *scratch->work);
    scratch->in = oac_alloc(s->plan.n_fft, s->width * sizeof *scratch->in);
    scratch->out = oac_alloc(s->plan.n_fft, s->width * sizeof *scratch->out);
    scratch->inputs = oac_alloc(s->at_once * n_spectra, sizeof *scratch->inputs);
    scratch->branches = oac_alloc(n_here, s->spectrum * sizeof *scratch->branches);
    scratch->deinterleaved =
        oac_alloc(decimates ? s->plan.decimation : 0, s->pitch * sizeof *scratch->deinterleaved);
    return scratch->work && scratch->in && scratch->out && scratch->branches &&
           scratch->deinterleaved && scratch->inputs;
}

static void lay_out_channels(struct simd *s, const struct taps *taps)
{
    const size_t branches = s->plan.n_branches * s->spectrum;
    for (size_t m = 0; m < s->n_channels; m++) {
        const size_t row = taps->row_of[m];
        s->channel[m] = (struct channel){
            .tail = s->tails + 2 * m * s->tail_floats,
            .next_tail = s->tails + (2 * m + 1) * s->tail_floats,
            .slots = s->plan.n_partitions > 1 ? s->slots + m * s->n_slots * branches : NULL,
            .spectra = s->spectra + row * s->plan.n_partitions * branches};
    }
}

/* count * each times the spectra of all branches, or NULL. */
static float *alloc_spectra(const struct simd *s, size_t count, size_t each)
{
    size_t n, bytes;
    return oac_multiply(count, each, &n) &&
                   oac_multiply(s->plan.n_branches, s->spectrum * sizeof(float), &bytes)
               ? oac_alloc(n, bytes)
               : NULL;
}

/* All sizes. */
static void
measure_up(struct simd *s, const struct plan *plan, const struct taps *taps, size_t n_workers)
{
    const bool partitioned = plan->n_partitions > 1;
    s->plan = *plan;
    s->kernel = oac_simd_kernel();
    s->width = oac_sample_width(taps->type);
    s->n_channels = taps->n_channels;
    s->n_workers = n_workers;
    s->spectrum = plan->n_fft * s->width;
    s->pitch = (plan->n_fft + WHOLE) * s->width;
    s->n_tail = partitioned ? plan->n_fft - plan->segment : plan->n_owed;
    s->tail_room = whole(s->n_tail);
    s->tail_floats = (partitioned ? plan->n_fft : s->tail_room) * s->width;
    s->stride = plan->partition / plan->segment;
    s->reach = (plan->n_partitions - 1) * s->stride + 1;
    s->at_once = partitioned ? MOST_AT_ONCE : 1;
    s->n_slots = s->reach - 1 + s->at_once;
}

static bool alloc_all(struct simd *s, size_t n_rows)
{
    s->spectra = alloc_spectra(s, n_rows, s->plan.n_partitions);
    s->slots = alloc_spectra(s, s->n_channels, s->plan.n_partitions > 1 ? s->n_slots : 0);
    s->tails = oac_alloc(s->n_channels, 2 * s->tail_floats * sizeof *s->tails);
    s->channel = oac_alloc(s->n_channels, sizeof *s->channel);
    s->scratch = oac_alloc(s->n_workers, sizeof *s->scratch);
    if (!s->spectra || !s->slots || !s->tails || !s->channel || !s->scratch)
        return false;
    for (size_t i = 0; i < s->n_workers; i++)
        if (!simd_alloc_scratch(s, &s->scratch[i]))
            return false;
    return true;
}

static bool
simd_build(struct simd *s, const struct plan *plan, const struct taps *taps, size_t n_workers)
{
    const bool real = taps->type == OAC_REAL;
    measure_up(s, plan, taps, n_workers);
    s->fft = oac_simd_fft_open(real ? plan->n_fft / 2 : plan->n_fft, real, s->kernel->width);
    if (!s->fft || !alloc_all(s, taps->n_distinct))
        return false;
    lay_out_channels(s, taps);
    for (size_t i = 0; i < taps->n_distinct; i++)
        transform_row(s,
                      taps->row[i],
                      oac_tap_width(taps->type),
                      s->spectra + i * plan->n_partitions * plan->n_branches * s->spectrum);
    return true;
}

static oaconv_status simd_create(void **state,
                                 const struct plan *plan,
                                 const struct taps *taps,
                                 const struct means *means)
{
    struct simd *s = oac_alloc(1, sizeof *s);
    if (!s || !simd_build(s, plan, taps, means->n_workers)) {
        simd_destroy(s);
        *state = NULL;
        return oac_fail(OAC_ERR_NO_MEMORY,
                        "out of memory for %zu channels of %zu taps (blocks of %zu samples)",
                        taps->n_channels,
                        taps->longest,
                        plan->n_fft);
    }
    *state = s;
    return OAC_OK;
}

/* ---- samples ---- */

static void
convolve(const struct simd *s, const struct scratch *w, struct channel *c, const struct piece *p)
{
    const struct simd_block block = oac_simd_open_block(s, w, c, p);
    oac_simd_bring_in(s, w, p);
    s->kernel->convolve(s->fft, &block, c->spectra, w->work);
    oac_simd_close_block(s, w, c, p);
}

/* Has the input of the next segment on its way while this one is computed: the first pass reads it
 * in strides, which the processor does not foresee. */
static void fetch_next(const struct simd *s, const struct piece *p)
{
    enum { CACHE_LINE = 64 / sizeof(float) };
    const float *next = p->in + p->n * s->width;
    for (size_t i = 0; i < p->n * s->width; i += CACHE_LINE)
        __builtin_prefetch(next + i);
}

static void run_whole(const struct simd *s,
                      const struct scratch *w,
                      struct channel *c,
                      const struct stretch *stretch)
{
    const size_t n = stretch->n;
    for (size_t hop = 0; hop < n; hop += s->plan.hop) {
        const size_t end = oac_least(n, hop + s->plan.hop);
        for (size_t t = hop; t < end; t += s->plan.segment) {
            const struct piece piece = cut(s, stretch, t, end);
            if (t + 2 * piece.n <= n)
                fetch_next(s, &piece);
            convolve(s, w, c, &piece);
        }
    }
}

static oaconv_status
simd_run(void *state, const struct share *share, const void *const *in, void *const *out, size_t n)
{
    const struct simd *s = state;
    const bool summed = s->plan.n_partitions > 1 || s->plan.decimation > 1;
    for (size_t m = share->first; m < share->end; m++) {
        const struct stretch stretch = {in[m], out[m], n, share->skip};
        (summed ? oac_simd_run_summed
                : run_whole)(s, &s->scratch[share->worker], &s->channel[m], &stretch);
    }
    return OAC_OK;
}

/* ---- what is owed ---- */

static void simd_drain(void *state, void *const *tail, size_t n)
{
    struct simd *s = state;
    for (size_t m = 0; m < s->n_channels; m++) {
        struct channel *c = &s->channel[m];
        if (tail)
            simd_add(tail[m], c->tail, oac_least(owed_after(s, c->n_last), n) * s->width);
        if (tail && c->n_past > 0)
            oac_simd_drain_partitions(s, &s->scratch[0], c, tail[m], n);
        memset(c->tail, 0, s->tail_floats * sizeof *c->tail);
        c->n_past = c->n_last = 0;
    }
}

static bool simd_usable(const char **reason)
{
    *reason = oac_simd_reason();
    return oac_simd_kernel() != NULL;
}

const struct backend oac_backend_simd = {
    .name = "simd",
    .usable = simd_usable,
    .method = COST_FOLDED,
    .uses_fft = true,
    .create = simd_create,
    .run = simd_run,
    .drain = simd_drain,
    .destroy = simd_destroy,
};
