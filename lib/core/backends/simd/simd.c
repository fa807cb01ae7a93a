/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "simd": overlap-add with transforms of our own, one channel after another.
 *
 * Long rows of taps with a short hop are cut into K partitions: the spectra of the last K segments
 * are kept, and each of them meets the partition that is as many hops old as itself (frequency
 * domain delay line: W. G. Gardner, "Efficient convolution without input-output delay", JAES 43,
 * 1995; G. Wefers, "Partitioned convolution algorithms for real-time auralization", 2015). With
 * decimation, a segment has the spectra of its B polyphase branches in the place of one. */
#include "backends/backend.h"
#include "backends/polyphase.h"
#include "backends/simd/deinterleave.h"
#include "backends/simd/kernel.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"

#include <string.h>

enum { WHOLE = OAC_SIMD_MAX_WIDTH }; /* lengths that the kernels take are multiples of it */
enum { MOST_AT_ONCE = 8 };           /* hops that read the partitions together */

/* What one worker needs besides what it only reads. */
struct scratch {
    float *work;          /* [at_once] spectra */
    float *in, *out;      /* [N] samples of a segment that is not made of whole vectors */
    float *dealt;         /* [D][pitch], the samples of a segment: a zero before those of each
                             branch */
    float *branches;      /* [B] spectra of a segment, where K = 1 */
    const float **inputs; /* [at_once][K][B], spectra of segments */
};

/* One channel. */
struct channel {
    float *tail, *next_tail; /* [tail_floats], owed by earlier segments, and what comes next */
    size_t n_last;           /* samples that came out of the latest segment */
    /* K > 1: the spectra of the latest segments, in a ring of n_slots, [n_slots][B]. */
    float *slots;
    size_t newest, n_past; /* which is the latest, and how many there are */
    const float *spectra;  /* [K][B] of the row of taps */
};

struct simd {
    struct plan plan;
    const struct simd_kernel *kernel;
    const struct simd_fft *fft;
    size_t width;         /* floats per sample */
    size_t spectrum;      /* floats per spectrum */
    size_t pitch;         /* floats per branch that is dealt out */
    size_t n_tail;        /* samples a whole segment owes to later ones */
    size_t tail_room;     /* the same in whole vectors */
    size_t tail_floats;   /* of one channel; there the last, shorter segment may owe more */
    size_t stride;        /* segments in a partition */
    size_t reach;         /* segments that the partitions see: (K - 1) * stride + 1 */
    size_t at_once;       /* hops that are taken together */
    size_t n_slots;       /* reach - 1 + at_once */
    float *spectra;       /* [n_rows][K][B], scaled by 1 / points */
    float *tails, *slots; /* of all channels */
    size_t n_channels;
    struct channel *channel; /* [M] */
    size_t n_workers;
    struct scratch *scratch; /* [n_workers] */
};

static size_t whole(size_t n)
{
    return (n + WHOLE - 1) / WHOLE * WHOLE;
}

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
        oac_free(s->scratch[i].dealt);
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
    scratch->dealt =
        oac_alloc(decimates ? s->plan.decimation : 0, s->pitch * sizeof *scratch->dealt);
    return scratch->work && scratch->in && scratch->out && scratch->branches && scratch->dealt &&
           scratch->inputs;
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

/* ---- segments ---- */

/* Where the samples of a segment come from and go to. */
struct piece {
    const float *in;
    float *out;
    size_t n;     /* in */
    size_t n_out; /* the same without decimation */
    size_t skip;  /* of the samples in, the first one that is kept */
};

/* Whether a kernel can write a segment in place, and, without decimation, read it. */
static bool is_whole(const struct simd *s, const struct piece *p)
{
    return p->n_out % WHOLE == 0 && (s->plan.n_partitions == 1 || p->n_out == s->plan.segment);
}

/* Samples that a segment of which n samples came out owes to later ones, by way of the tail. */
static size_t owed_after(const struct simd *s, size_t n)
{
    return s->plan.n_partitions > 1 ? s->plan.n_fft - n : s->n_tail;
}

/* Samples that are no whole vectors go to the kernel by way of the scratch. */
static void bring_in(const struct simd *s, const struct scratch *w, const struct piece *p)
{
    if (is_whole(s, p))
        return;
    const size_t n = p->n * s->width, end = oac_least(whole(p->n), s->plan.n_fft) * s->width;
    memcpy(w->in, p->in, n * sizeof *w->in);
    memset(w->in + n, 0, (end - n) * sizeof *w->in);
}

/* The block that begins with the segment; where samples go by way of the scratch, that receives all
 * N samples of the result. */
static struct simd_block open_block(const struct simd *s,
                                    const struct scratch *w,
                                    const struct channel *c,
                                    const struct piece *p)
{
    struct simd_block block = {.in = p->in,
                               .n_in = p->n,
                               .out = p->out,
                               .n_out = p->n_out,
                               .tail_in = c->tail,
                               .tail_out = c->next_tail,
                               .n_tail = s->tail_room};
    if (!is_whole(s, p)) {
        block.in = w->in;
        block.n_in = oac_least(whole(p->n), s->plan.n_fft);
        block.out = w->out;
        block.n_out = s->plan.n_fft;
    }
    return block;
}

/* After the kernel: the samples are out, and what the block owes begins right after them. */
static void
close_block(const struct simd *s, const struct scratch *w, struct channel *c, const struct piece *p)
{
    const size_t bytes = s->width * sizeof(float);
    if (!is_whole(s, p)) {
        memcpy(p->out, w->out, p->n_out * bytes);
        memcpy(c->next_tail, w->out + p->n_out * s->width, owed_after(s, p->n_out) * bytes);
    } else {
        /* Nothing but the rounding of zeros; a NaN must not come through here. */
        memset(c->next_tail + s->n_tail * s->width, 0, (s->tail_room - s->n_tail) * bytes);
    }
    float *tail = c->tail;
    c->tail = c->next_tail;
    c->next_tail = tail;
    c->n_last = p->n_out;
}

static void
convolve(const struct simd *s, const struct scratch *w, struct channel *c, const struct piece *p)
{
    const struct simd_block block = open_block(s, w, c, p);
    bring_in(s, w, p);
    s->kernel->convolve(s->fft, &block, c->spectra, w->work);
    close_block(s, w, c, p);
}

/* The spectra of all branches of a segment. */
static void transform_branches(const struct simd *s,
                               const struct scratch *w,
                               const struct piece *piece,
                               float *spectra)
{
    const size_t D = s->plan.decimation, width = s->width;
    oac_deal(piece->in, piece->n, D, width, w->dealt + width, s->pitch);
    for (size_t p = 0; p < s->plan.n_branches; p++, spectra += s->spectrum) {
        const struct branch b = oac_branch(p, piece->skip, piece->n, D);
        float *in = w->dealt + b.begin * s->pitch + (1 - b.first) * width;
        const struct simd_block block = {.in = in, .n_in = whole(b.end)};
        memset(in + b.end * width, 0, (block.n_in - b.end) * width * sizeof *in);
        s->kernel->forward(s->fft, &block, spectra);
    }
}

/* Where the spectra of the segment are kept that is `age` hops older than the newest. */
static float *
slot(const struct simd *s, const struct scratch *w, const struct channel *c, size_t age)
{
    if (s->plan.n_partitions == 1)
        return w->branches;
    return c->slots +
           (c->newest + s->n_slots - age) % s->n_slots * s->plan.n_branches * s->spectrum;
}

/* The t-th sum of the scratch: of the spectra of segments from `age` hops before the newest, a
 * partition apart, for at most n partitions. */
static struct simd_sum list_inputs(const struct simd *s,
                                   const struct scratch *w,
                                   const struct channel *c,
                                   size_t t,
                                   size_t age,
                                   size_t n)
{
    const size_t n_branches = s->plan.n_branches;
    const float **inputs = w->inputs + t * s->plan.n_partitions * n_branches;
    struct simd_sum sum = {.inputs = inputs, .sum = w->work + t * s->spectrum};
    for (; sum.n_inputs < n * n_branches && age < c->n_past; age += s->stride)
        for (size_t p = 0; p < n_branches; p++)
            inputs[sum.n_inputs++] = slot(s, w, c, age) + p * s->spectrum;
    return sum;
}

/* n <= at_once segments whose spectra are added up, of partitions or branches; where the taps are
 * partitioned, all but the last are whole hops. */
static void convolve_summed(const struct simd *s,
                            const struct scratch *w,
                            struct channel *c,
                            const struct piece *pieces,
                            size_t n)
{
    struct simd_sum sums[MOST_AT_ONCE] = {{0}};
    for (size_t t = 0; t < n; t++) {
        c->newest = (c->newest + 1) % s->n_slots;
        if (s->plan.decimation > 1) {
            transform_branches(s, w, &pieces[t], slot(s, w, c, 0));
        } else {
            const struct simd_block block = open_block(s, w, c, &pieces[t]);
            bring_in(s, w, &pieces[t]);
            s->kernel->forward(s->fft, &block, slot(s, w, c, 0));
        }
    }
    c->n_past = oac_least(c->n_past + n, s->n_slots);
    for (size_t t = 0; t < n; t++)
        sums[t] = list_inputs(s, w, c, t, n - 1 - t, s->plan.n_partitions);
    s->kernel->multiply_add(s->fft->n, sums, n, c->spectra);
    for (size_t t = 0; t < n; t++) {
        const struct simd_block block = open_block(s, w, c, &pieces[t]);
        s->kernel->inverse(s->fft, w->work + t * s->spectrum, &block);
        close_block(s, w, c, &pieces[t]);
    }
}

/* A call for one channel. */
struct stretch {
    const float *in;
    float *out;
    size_t n, skip;
};

/* The segment that begins at sample `from` of a hop that ends at `end`. */
static struct piece
cut(const struct simd *s, const struct stretch *stretch, size_t from, size_t end)
{
    const size_t D = s->plan.decimation, n = oac_least(D * s->plan.segment, end - from);
    return (struct piece){.in = stretch->in + from * s->width,
                          .out = stretch->out + from / D * s->width,
                          .n = n,
                          .n_out = oac_kept_from(stretch->skip, n, D),
                          .skip = stretch->skip};
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

static void run_summed(const struct simd *s,
                       const struct scratch *w,
                       struct channel *c,
                       const struct stretch *stretch)
{
    struct piece pieces[MOST_AT_ONCE];
    const size_t n = stretch->n, step = s->plan.decimation * s->plan.segment;
    size_t count = 0;
    for (size_t hop = 0; hop < n; hop += s->plan.hop) {
        const size_t end = oac_least(n, hop + s->plan.hop);
        for (size_t t = hop; t < end; t += step) {
            pieces[count++] = cut(s, stretch, t, end);
            if (count == s->at_once) {
                convolve_summed(s, w, c, pieces, count);
                count = 0;
            }
        }
    }
    if (count > 0)
        convolve_summed(s, w, c, pieces, count);
}

static oaconv_status
simd_run(void *state, const struct share *share, const void *const *in, void *const *out, size_t n)
{
    const struct simd *s = state;
    const bool summed = s->plan.n_partitions > 1 || s->plan.decimation > 1;
    for (size_t m = share->first; m < share->end; m++) {
        const struct stretch stretch = {in[m], out[m], n, share->skip};
        (summed ? run_summed : run_whole)(s, &s->scratch[share->worker], &s->channel[m], &stretch);
    }
    return OAC_OK;
}

/* ---- what is owed ---- */

static void simd_add(float *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* What earlier segments still owe by later partitions: hops in which nothing new comes. */
static void drain_partitions(
    const struct simd *s, const struct scratch *w, const struct channel *c, float *tail, size_t n)
{
    const size_t K = s->plan.n_partitions, L = s->plan.segment;
    const struct simd_block block = {.out = w->out, .n_out = s->plan.n_fft};
    for (size_t hop = 1; hop < s->reach && hop * L < n + c->n_last; hop++) {
        const size_t k = (hop + s->stride - 1) / s->stride, at = hop * L - c->n_last;
        const struct simd_sum sum = list_inputs(s, w, c, 0, k * s->stride - hop, K - k);
        if (sum.n_inputs == 0)
            continue;
        s->kernel->multiply_add(
            s->fft->n, &sum, 1, c->spectra + k * s->plan.n_branches * s->spectrum);
        s->kernel->inverse(s->fft, w->work, &block);
        simd_add(tail + at * s->width, w->out, oac_least(s->plan.n_fft, n - at) * s->width);
    }
}

static void simd_drain(void *state, void *const *tail, size_t n)
{
    struct simd *s = state;
    for (size_t m = 0; m < s->n_channels; m++) {
        struct channel *c = &s->channel[m];
        if (tail)
            simd_add(tail[m], c->tail, oac_least(owed_after(s, c->n_last), n) * s->width);
        if (tail && c->n_past > 0)
            drain_partitions(s, &s->scratch[0], c, tail[m], n);
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
