/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "volk": overlap-add with FFTW transforms and VOLK kernels, one channel after another;
 * compiled once for each precision.
 *
 * One path for all types: a segment is always complex. Two consecutive segments of a real signal
 * are its real and imaginary part, which real taps do not mix. */
#include "backend.h"
#include "error.h"
#include "fft.h"
#include "memory.h"
#include "volk_kernels.h"

#include <pthread.h>
#include <string.h>

/* What one worker needs besides what it only reads. */
struct scratch {
    complex_element *x, *y; /* [N] segment and spectrum */
    /* [N] the two segments of a real signal, come apart; NULL for complex ones. */
    element *first, *second;
};

struct volk {
    struct plan plan;
    size_t n_channels, n_rows;
    size_t width;         /* elements per sample */
    size_t tail_elements; /* (P - 1) * width */
    const struct fft *fft;
    size_t *row_of;           /* [M] */
    complex_element *spectra; /* [n_rows][N], scaled by 1/N */
    element *tails;           /* [M][tail_elements], owed by earlier segments */
    size_t n_workers;
    struct scratch *scratch; /* [n_workers] */
};

static void destroy(void *state)
{
    struct volk *s = state;
    if (!s)
        return;
    oac_free(s->row_of);
    oac_free(s->spectra);
    oac_free(s->tails);
    for (size_t i = 0; s->scratch && i < s->n_workers; i++) {
        oac_free(s->scratch[i].x);
        oac_free(s->scratch[i].y);
        oac_free(s->scratch[i].first);
        oac_free(s->scratch[i].second);
    }
    oac_free(s->scratch);
    oac_free(s);
}

/* VOLK chooses its kernels, and says so on stdout, on the first call of each: not in run(), and not
 * in two threads at once. */
static pthread_once_t volk_awake = PTHREAD_ONCE_INIT;
static void wake_volk(void)
{
    complex_element z = 0;
    element x = 0, y = 0;
    multiply(&z, &z, 1);
    add(&x, &y, &y, 1);
    interleave(&z, &x, &y, 1);
    deinterleave(&x, &y, &z, 1);
}

static void
transform_row(struct volk *s, const oaconv_row *row, size_t tap_width, complex_element *to)
{
    const double scale = 1.0 / (double)s->plan.n_fft;
    complex_element *x = s->scratch[0].x;
    memset(x, 0, s->plan.n_fft * sizeof *x);
    for (size_t k = 0; k < row->n_taps; k++) {
        const element *tap = (const element *)row->taps + k * tap_width;
        x[k] = lv_cmake((element)(tap[0] * scale), tap_width == 2 ? (element)(tap[1] * scale) : 0);
    }
    oac_fft_forward(s->fft, x, to);
}

static bool alloc_scratch(struct scratch *scratch, size_t n_fft, bool real)
{
    scratch->x = oac_alloc(n_fft, sizeof *scratch->x);
    scratch->y = oac_alloc(n_fft, sizeof *scratch->y);
    if (!real)
        return scratch->x && scratch->y;
    scratch->first = oac_alloc(n_fft, sizeof *scratch->first);
    scratch->second = oac_alloc(n_fft, sizeof *scratch->second);
    return scratch->x && scratch->y && scratch->first && scratch->second;
}

static bool
build(struct volk *s, const struct plan *plan, const struct taps *taps, size_t n_workers)
{
    s->plan = *plan;
    s->n_channels = taps->n_channels;
    s->n_rows = taps->n_distinct;
    s->width = oac_sample_width(taps->type);
    s->tail_elements = (plan->n_taps - 1) * s->width;
    s->n_workers = n_workers;
    s->fft = oac_fft_get(plan->n_fft);
    s->row_of = oac_alloc(s->n_channels, sizeof *s->row_of);
    s->spectra = oac_alloc(s->n_rows, plan->n_fft * sizeof *s->spectra);
    s->tails = oac_alloc(s->n_channels, s->tail_elements * sizeof *s->tails);
    s->scratch = oac_alloc(n_workers, sizeof *s->scratch);
    if (!s->fft || !s->row_of || !s->spectra || !s->tails || !s->scratch)
        return false;
    for (size_t i = 0; i < n_workers; i++)
        if (!alloc_scratch(&s->scratch[i], plan->n_fft, s->width == 1))
            return false;
    memcpy(s->row_of, taps->row_of, s->n_channels * sizeof *s->row_of);
    pthread_once(&volk_awake, wake_volk);
    for (size_t i = 0; i < s->n_rows; i++)
        transform_row(s, taps->row[i], oac_tap_width(taps->type), s->spectra + i * plan->n_fft);
    return true;
}

static oaconv_status
create(void **state, const struct plan *plan, const struct taps *taps, const struct means *means)
{
    struct volk *s = oac_alloc(1, sizeof *s);
    if (!s || !build(s, plan, taps, means->n_workers)) {
        destroy(s);
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

/* Replaces x of the scratch by its convolution with a row: N points, x zero-padded. */
static void
convolve_segment(const struct volk *s, const struct scratch *w, const complex_element *spectrum)
{
    oac_fft_forward(s->fft, w->x, w->y);
    multiply(w->y, spectrum, s->plan.n_fft);
    oac_fft_inverse(s->fft, w->y, w->x);
}

/* Gives out the first n elements of a convolved segment plus what earlier segments owe them, and
 * keeps what both owe to later ones.
 *   y     [n + n_tail]  the convolved segment
 *   tail  [n_tail]      carried between segments */
static void overlap_add(const element *y, size_t n, element *tail, size_t n_tail, element *out)
{
    const size_t met = n < n_tail ? n : n_tail, kept = n_tail - met;
    add(out, y, tail, met);
    memcpy(out + met, y + met, (n - met) * sizeof *out);
    memmove(tail, tail + met, kept * sizeof *tail);
    add(tail, tail, y + n, kept);
    memcpy(tail + kept, y + n + kept, met * sizeof *tail);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What a worker works on: one channel. */
struct channel {
    const complex_element *spectrum;
    element *tail;
};

/* One complex segment, n <= L samples. */
static void run_complex(const struct volk *s,
                        const struct scratch *w,
                        const struct channel *c,
                        const element *in,
                        element *out,
                        size_t n)
{
    memcpy(w->x, in, n * sizeof *w->x);
    memset(w->x + n, 0, (s->plan.n_fft - n) * sizeof *w->x);
    convolve_segment(s, w, c->spectrum);
    overlap_add((const element *)w->x, 2 * n, c->tail, s->tail_elements, out);
}

/* Two real segments, n <= 2 L samples together. */
static void run_real_pair(const struct volk *s,
                          const struct scratch *w,
                          const struct channel *c,
                          const element *in,
                          element *out,
                          size_t n)
{
    const size_t n_first = least(n, s->plan.segment), n_second = n - n_first;
    const size_t reach = n_first + s->tail_elements;
    interleave(w->x, in, in + n_first, n_second);
    for (size_t t = n_second; t < n_first; t++)
        w->x[t] = lv_cmake(in[t], (element)0);
    memset(w->x + n_first, 0, (s->plan.n_fft - n_first) * sizeof *w->x);
    convolve_segment(s, w, c->spectrum);
    deinterleave(w->first, w->second, w->x, reach);
    overlap_add(w->first, n_first, c->tail, s->tail_elements, out);
    if (n_second > 0)
        overlap_add(w->second, n_second, c->tail, s->tail_elements, out + n_first);
}

static void run_channel(const struct volk *s,
                        const struct scratch *w,
                        size_t m,
                        const element *in,
                        element *out,
                        size_t n)
{
    const bool real = s->width == 1;
    const size_t step = s->plan.segment * (real ? 2 : 1);
    const struct channel channel = {s->spectra + s->row_of[m] * s->plan.n_fft,
                                    s->tails + m * s->tail_elements};
    for (size_t hop = 0; hop < n; hop += s->plan.hop) {
        const size_t end = least(n, hop + s->plan.hop);
        for (size_t t = hop; t < end; t += step)
            (real ? run_real_pair : run_complex)(
                s, w, &channel, in + t * s->width, out + t * s->width, least(step, end - t));
    }
}

static oaconv_status
run(void *state, const struct share *share, const void *const *in, void *const *out, size_t n)
{
    const struct volk *s = state;
    for (size_t m = share->first; m < share->end; m++)
        run_channel(s, &s->scratch[share->worker], m, in[m], out[m], n);
    return OAC_OK;
}

static void drain(void *state, void *const *tail)
{
    struct volk *s = state;
    for (size_t m = 0; m < s->n_channels; m++) {
        element *owed = s->tails + m * s->tail_elements;
        if (tail)
            add(tail[m], tail[m], owed, s->tail_elements);
        memset(owed, 0, s->tail_elements * sizeof *owed);
    }
}

static bool usable(const char **reason)
{
    *reason = "FFTW transforms and VOLK kernels";
    return true;
}

const struct backend OAC_NAME(oac_backend_volk) = {
    .name = "volk",
    .usable = usable,
    .uses_fft = true,
    .method = COST_PAIRS,
    .create = create,
    .run = run,
    .drain = drain,
    .destroy = destroy,
};
