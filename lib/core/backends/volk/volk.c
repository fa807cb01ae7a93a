/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "volk": overlap-add with FFTW transforms and VOLK kernels, one channel after another;
 * compiled once for each precision.
 *
 * One path for all types: a segment is always complex. Two consecutive segments of a real signal
 * are its real and imaginary part, which real taps do not mix. With decimation, the spectra of all
 * polyphase branches of a segment are added up before it is transformed back. */
#include "backends/backend.h"
#include "backends/polyphase.h"
#include "backends/volk/fftw.h"
#include "backends/volk/volk_kernels.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"

#include <pthread.h>
#include <string.h>

/* What one worker needs besides what it only reads. */
struct scratch {
    complex_element *x, *y; /* [N] segment and spectrum */
    complex_element *sum;   /* [N] of the spectra of all branches; y where there is one */
    /* [N] the two segments of a real signal, come apart; NULL for complex ones. */
    element *first, *second;
};

struct volk {
    struct plan plan;
    size_t n_channels, n_rows;
    size_t width;         /* elements per sample */
    size_t tail_elements; /* n_owed * width */
    const struct fft *fft;
    size_t *row_of;           /* [M] */
    complex_element *spectra; /* [n_rows][B][N], scaled by 1/N */
    element *tails;           /* [M][tail_elements], owed by earlier segments */
    size_t n_workers;
    struct scratch *scratch; /* [n_workers] */
};

static void volk_destroy(void *state)
{
    struct volk *s = state;
    if (!s)
        return;
    oac_free(s->row_of);
    oac_free(s->spectra);
    oac_free(s->tails);
    for (size_t i = 0; s->scratch && i < s->n_workers; i++) {
        if (s->scratch[i].sum != s->scratch[i].y)
            oac_free(s->scratch[i].sum);
        oac_free(s->scratch[i].x);
        oac_free(s->scratch[i].y);
        oac_free(s->scratch[i].first);
        oac_free(s->scratch[i].second);
    }
    oac_free(s->scratch);
    oac_free(s);
}

/* VOLK chooses its kernels, and says so on stdout, on the first call of each: not in volk_run(),
 * and not in two threads at once. */
static pthread_once_t volk_awake = PTHREAD_ONCE_INIT;
static void wake_volk(void)
{
    complex_element z = 0;
    element x = 0, y = 0;
    multiply(&z, &z, 1);
    volk_add(&x, &y, &y, 1);
    volk_interleave(&z, &x, &y, 1);
    volk_deinterleave(&x, &y, &z, 1);
}

/* Branch p: every D-th tap from p on. */
static void volk_transform_taps(
    struct volk *s, const oaconv_row *row, size_t tap_width, size_t p, complex_element *to)
{
    const double scale = 1.0 / (double)s->plan.n_fft;
    complex_element *x = s->scratch[0].x;
    memset(x, 0, s->plan.n_fft * sizeof *x);
    for (size_t i = 0, k = p; k < row->n_taps; i++, k += s->plan.decimation) {
        const element *tap = (const element *)row->taps + k * tap_width;
        x[i] = lv_cmake((element)(tap[0] * scale), tap_width == 2 ? (element)(tap[1] * scale) : 0);
    }
    oac_fftw_forward(s->fft, x, to);
}

static bool volk_alloc_scratch(struct scratch *scratch, const struct plan *plan, bool real)
{
    const size_t n_fft = plan->n_fft;
    scratch->x = oac_alloc(n_fft, sizeof *scratch->x);
    scratch->y = oac_alloc(n_fft, sizeof *scratch->y);
    scratch->sum = plan->n_branches > 1 ? oac_alloc(n_fft, sizeof *scratch->sum) : scratch->y;
    if (!real)
        return scratch->x && scratch->y && scratch->sum;
    scratch->first = oac_alloc(n_fft, sizeof *scratch->first);
    scratch->second = oac_alloc(n_fft, sizeof *scratch->second);
    return scratch->x && scratch->y && scratch->sum && scratch->first && scratch->second;
}

static bool
volk_build(struct volk *s, const struct plan *plan, const struct taps *taps, size_t n_workers)
{
    s->plan = *plan;
    s->n_channels = taps->n_channels;
    s->n_rows = taps->n_distinct;
    s->width = oac_sample_width(taps->type);
    s->tail_elements = plan->n_owed * s->width;
    s->n_workers = n_workers;
    s->fft = oac_fftw_get(plan->n_fft);
    s->row_of = oac_alloc(s->n_channels, sizeof *s->row_of);
    s->spectra = oac_alloc(s->n_rows * plan->n_branches, plan->n_fft * sizeof *s->spectra);
    s->tails = oac_alloc(s->n_channels, s->tail_elements * sizeof *s->tails);
    s->scratch = oac_alloc(n_workers, sizeof *s->scratch);
    if (!s->fft || !s->row_of || !s->spectra || !s->tails || !s->scratch)
        return false;
    for (size_t i = 0; i < n_workers; i++)
        if (!volk_alloc_scratch(&s->scratch[i], plan, s->width == 1))
            return false;
    memcpy(s->row_of, taps->row_of, s->n_channels * sizeof *s->row_of);
    pthread_once(&volk_awake, wake_volk);
    complex_element *spectrum = s->spectra;
    for (size_t i = 0; i < s->n_rows; i++)
        for (size_t p = 0; p < plan->n_branches; p++, spectrum += plan->n_fft)
            volk_transform_taps(s, taps->row[i], oac_tap_width(taps->type), p, spectrum);
    return true;
}

static oaconv_status volk_create(void **state,
                                 const struct plan *plan,
                                 const struct taps *taps,
                                 const struct means *means)
{
    struct volk *s = oac_alloc(1, sizeof *s);
    if (!s || !volk_build(s, plan, taps, means->n_workers)) {
        volk_destroy(s);
        *state = NULL;
        return oac_fail(OAC_ERR_NO_MEMORY,
                        "out of memory for %zu channels of %zu taps (FFT of %zu points)",
                        taps->n_channels,
                        taps->longest,
                        plan->n_fft);
    }
    *state = s;
    return OAC_OK;
}

/* Adds the product of branch p, which is in x of the scratch, to the sum. */
static void
add_branch(const struct volk *s, const struct scratch *w, const complex_element *spectra, size_t p)
{
    const size_t n = s->plan.n_fft;
    complex_element *y = p == 0 ? w->sum : w->y;
    oac_fftw_forward(s->fft, w->x, y);
    multiply(y, spectra + p * n, n);
    if (p > 0)
        volk_add((element *)w->sum, (element *)w->sum, (element *)y, 2 * n);
}

/* Gives out the first n elements of a convolved segment plus what earlier segments owe them, and
 * keeps what both owe to later ones.
 *   y     [n + n_tail]  the convolved segment
 *   tail  [n_tail]      carried between segments */
static void overlap_add(const element *y, size_t n, element *tail, size_t n_tail, element *out)
{
    const size_t met = n < n_tail ? n : n_tail, kept = n_tail - met;
    volk_add(out, y, tail, met);
    memcpy(out + met, y + met, (n - met) * sizeof *out);
    memmove(tail, tail + met, kept * sizeof *tail);
    volk_add(tail, tail, y + n, kept);
    memcpy(tail + kept, y + n + kept, met * sizeof *tail);
}

/* What a worker works on: one channel. */
struct channel {
    const complex_element *spectra; /* [B][N] */
    element *tail;
};

/* Samples of a segment, and what comes out of it. */
struct piece {
    const element *in;
    element *out;
    size_t n;    /* samples in */
    size_t skip; /* the first one that is kept */
};

/* Branch p of a complex segment, zero-padded, into x. */
static void volk_load_complex(const struct volk *s,
                              const struct scratch *w,
                              const struct piece *piece,
                              size_t p)
{
    const size_t D = s->plan.decimation;
    const struct polyphase_branch b = oac_polyphase_branch(p, piece->skip, piece->n, D);
    const complex_element *in = (const complex_element *)piece->in;
    memset(w->x, 0, b.first * sizeof *w->x);
    if (D == 1)
        memcpy(w->x, in, piece->n * sizeof *w->x);
    else
        for (size_t i = b.first, t = b.begin; i < b.end; i++, t += D)
            w->x[i] = in[t];
    memset(w->x + b.end, 0, (s->plan.n_fft - b.end) * sizeof *w->x);
}

/* One complex segment, n <= D L samples. */
static void run_complex(const struct volk *s,
                        const struct scratch *w,
                        const struct channel *c,
                        const struct piece *piece)
{
    for (size_t p = 0; p < s->plan.n_branches; p++) {
        volk_load_complex(s, w, piece, p);
        add_branch(s, w, c->spectra, p);
    }
    oac_fftw_inverse(s->fft, w->sum, w->x);
    const size_t n_out = oac_kept_from(piece->skip, piece->n, s->plan.decimation);
    overlap_add((const element *)w->x, 2 * n_out, c->tail, s->tail_elements, piece->out);
}

/* Branch p of two real segments, the first of n_first samples, zero-padded, into x. */
static void load_real_pair(const struct volk *s,
                           const struct scratch *w,
                           const struct piece *piece,
                           size_t n_first,
                           size_t p)
{
    const size_t D = s->plan.decimation, n_second = piece->n - n_first;
    const element *first = piece->in, *second = first + n_first;
    const struct polyphase_branch b = oac_polyphase_branch(p, piece->skip, n_first, D);
    const size_t met = oac_polyphase_branch(p, piece->skip, n_second, D).end;
    memset(w->x, 0, b.first * sizeof *w->x);
    if (D == 1)
        volk_interleave(w->x, first, second, n_second);
    else
        for (size_t i = b.first, t = b.begin; i < met; i++, t += D)
            w->x[i] = lv_cmake(first[t], second[t]);
    for (size_t i = met, t = b.begin + (met - b.first) * D; i < b.end; i++, t += D)
        w->x[i] = lv_cmake(first[t], (element)0);
    memset(w->x + b.end, 0, (s->plan.n_fft - b.end) * sizeof *w->x);
}

/* Two real segments, n <= 2 D L samples together. */
static void run_real_pair(const struct volk *s,
                          const struct scratch *w,
                          const struct channel *c,
                          const struct piece *piece)
{
    const size_t D = s->plan.decimation;
    const size_t n_first = oac_least(piece->n, D * s->plan.segment), n_second = piece->n - n_first;
    for (size_t p = 0; p < s->plan.n_branches; p++) {
        load_real_pair(s, w, piece, n_first, p);
        add_branch(s, w, c->spectra, p);
    }
    oac_fftw_inverse(s->fft, w->sum, w->x);
    const size_t out_first = oac_kept_from(piece->skip, n_first, D);
    const size_t out_second = oac_kept_from(piece->skip, n_second, D);
    volk_deinterleave(w->first, w->second, w->x, out_first + s->tail_elements);
    overlap_add(w->first, out_first, c->tail, s->tail_elements, piece->out);
    if (n_second > 0)
        overlap_add(w->second, out_second, c->tail, s->tail_elements, piece->out + out_first);
}

static void run_channel(const struct volk *s,
                        const struct share *share,
                        size_t m,
                        const element *in,
                        element *out,
                        size_t n)
{
    const bool real = s->width == 1;
    const size_t D = s->plan.decimation, step = D * s->plan.segment * (real ? 2 : 1);
    const struct channel channel = {s->spectra + s->row_of[m] * s->plan.n_branches * s->plan.n_fft,
                                    s->tails + m * s->tail_elements};
    for (size_t hop = 0; hop < n; hop += s->plan.hop) {
        const size_t end = oac_least(n, hop + s->plan.hop);
        for (size_t t = hop; t < end; t += step) {
            const struct piece piece = {
                in + t * s->width, out + t / D * s->width, oac_least(step, end - t), share->skip};
            (real ? run_real_pair : run_complex)(s, &s->scratch[share->worker], &channel, &piece);
        }
    }
}

static oaconv_status
volk_run(void *state, const struct share *share, const void *const *in, void *const *out, size_t n)
{
    const struct volk *s = state;
    for (size_t m = share->first; m < share->end; m++)
        run_channel(s, share, m, in[m], out[m], n);
    return OAC_OK;
}

static void volk_drain(void *state, void *const *tail, size_t n)
{
    struct volk *s = state;
    for (size_t m = 0; m < s->n_channels; m++) {
        element *owed = s->tails + m * s->tail_elements;
        if (tail)
            volk_add(tail[m], tail[m], owed, n * s->width);
        memset(owed, 0, s->tail_elements * sizeof *owed);
    }
}

static bool volk_usable(const char **reason)
{
    *reason = "FFTW transforms and VOLK kernels";
    return true;
}

const struct backend OAC_NAME(oac_backend_volk) = {
    .name = "volk",
    .usable = volk_usable,
    .uses_fft = true,
    .method = COST_PAIRS,
    .create = volk_create,
    .run = volk_run,
    .drain = volk_drain,
    .destroy = volk_destroy,
};
