/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "direct": the defining sum in wider elements than those of the samples; the oracle of the
 * tests. Compiled once for each precision. */
#include "backends/backend.h"
#include "backends/polyphase.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/precision.h"

#include <string.h>

struct row {
    size_t n_taps;
    wide_element *taps; /* [n_taps][2]: real part, imaginary part */
};

struct direct {
    size_t n_channels, n_rows, width; /* elements per sample */
    size_t n_past;                    /* P - 1 */
    size_t decimation;
    struct row *rows;
    size_t *row_of;
    size_t *n_valid; /* [M] samples of the past, the latest ones; those before are zero */
    size_t *skip;    /* [M] of the samples to come, the first one that is kept */
    element *past;   /* [M][P - 1] samples before the next one, oldest first */
};

static void direct_destroy(void *state)
{
    struct direct *s = state;
    if (!s)
        return;
    for (size_t i = 0; s->rows && i < s->n_rows; i++)
        oac_free(s->rows[i].taps);
    oac_free(s->rows);
    oac_free(s->row_of);
    oac_free(s->n_valid);
    oac_free(s->skip);
    oac_free(s->past);
    oac_free(s);
}

static bool copy_row(struct row *to, const oaconv_row *from, size_t width)
{
    to->n_taps = from->n_taps;
    const element *taps = from->taps;
    to->taps = oac_alloc(from->n_taps, 2 * sizeof *to->taps);
    for (size_t k = 0; to->taps && k < from->n_taps; k++)
        for (size_t part = 0; part < width; part++)
            to->taps[2 * k + part] = taps[k * width + part];
    return to->taps != NULL;
}

static bool direct_build(struct direct *s, const struct plan *plan, const struct taps *taps)
{
    s->n_channels = taps->n_channels;
    s->n_rows = taps->n_distinct;
    s->width = oac_sample_width(taps->type);
    s->n_past = taps->longest - 1;
    s->decimation = plan->decimation;
    s->rows = oac_alloc(s->n_rows, sizeof *s->rows);
    s->row_of = oac_alloc(s->n_channels, sizeof *s->row_of);
    s->n_valid = oac_alloc(s->n_channels, sizeof *s->n_valid);
    s->skip = oac_alloc(s->n_channels, sizeof *s->skip);
    s->past = oac_alloc(s->n_channels, s->n_past * s->width * sizeof *s->past);
    if (!s->rows || !s->row_of || !s->n_valid || !s->skip || !s->past)
        return false;
    memcpy(s->row_of, taps->row_of, s->n_channels * sizeof *s->row_of);
    for (size_t i = 0; i < s->n_rows; i++)
        if (!copy_row(&s->rows[i], taps->row[i], oac_tap_width(taps->type)))
            return false;
    return true;
}

static oaconv_status direct_create(void **state,
                                   const struct plan *plan,
                                   const struct taps *taps,
                                   const struct means *means)
{
    (void)means;
    struct direct *s = oac_alloc(1, sizeof *s);
    if (!s || !direct_build(s, plan, taps)) {
        direct_destroy(s);
        *state = NULL;
        return oac_fail(OAC_ERR_NO_MEMORY,
                        "out of memory for %zu channels of %zu taps",
                        taps->n_channels,
                        taps->longest);
    }
    *state = s;
    return OAC_OK;
}

/* The sum of channel m for sample t: taps up to t meet x [n], later ones the past. Samples from n
 * on are zero. */
static void
sum_at(const struct direct *s, size_t m, const element *x, size_t n, size_t t, wide_element sum[2])
{
    const struct row *row = &s->rows[s->row_of[m]];
    const element *past = s->past + m * s->n_past * s->width;
    const size_t reach = t + s->n_valid[m] + 1, end = row->n_taps < reach ? row->n_taps : reach;
    wide_element re = 0, im = 0;
    for (size_t k = t < n ? 0 : t - n + 1; k < end; k++) {
        const element *v = k <= t ? x + (t - k) * s->width : past + (s->n_past + t - k) * s->width;
        const wide_element *h = row->taps + 2 * k;
        if (s->width == 1) {
            re += h[0] * v[0];
        } else {
            re += h[0] * v[0] - h[1] * v[1];
            im += h[0] * v[1] + h[1] * v[0];
        }
    }
    sum[0] = re;
    sum[1] = im;
}

/* Moves the last P - 1 of (past, x [n]) to the past of channel m. */
static void remember(struct direct *s, size_t m, const element *x, size_t n)
{
    element *past = s->past + m * s->n_past * s->width;
    const size_t fresh = n < s->n_past ? n : s->n_past, kept = s->n_past - fresh;
    const size_t bytes = s->width * sizeof *past;
    memmove(past, past + fresh * s->width, kept * bytes);
    memcpy(past + kept * s->width, x + (n - fresh) * s->width, fresh * bytes);
    s->n_valid[m] = s->n_valid[m] < kept ? s->n_valid[m] + fresh : s->n_past;
}

static oaconv_status direct_run(
    void *state, const struct share *share, const void *const *in, void *const *out, size_t n)
{
    struct direct *s = state;
    for (size_t m = share->first; m < share->end; m++) {
        element *y = out[m];
        for (size_t t = share->skip; t < n; t += s->decimation) {
            wide_element sum[2];
            sum_at(s, m, in[m], n, t, sum);
            for (size_t part = 0; part < s->width; part++)
                *y++ = (element)sum[part];
        }
        remember(s, m, in[m], n);
        s->skip[m] = oac_skip_at(n + s->decimation - share->skip, s->decimation);
    }
    return OAC_OK;
}

static void direct_drain(void *state, void *const *tail, size_t n)
{
    struct direct *s = state;
    for (size_t m = 0; m < s->n_channels; m++) {
        for (size_t j = 0; tail && j < n; j++) {
            wide_element sum[2];
            sum_at(s, m, NULL, 0, s->skip[m] + j * s->decimation, sum);
            for (size_t part = 0; part < s->width; part++) {
                element *y = (element *)tail[m] + j * s->width + part;
                *y = (element)(*y + sum[part]);
            }
        }
        s->n_valid[m] = 0;
    }
}

static bool direct_usable(const char **reason)
{
    *reason = "the sum itself in higher precision: exact and slow";
    return true;
}

const struct backend OAC_NAME(oac_backend_direct) = {
    .name = "direct",
    .usable = direct_usable,
    .create = direct_create,
    .run = direct_run,
    .drain = direct_drain,
    .destroy = direct_destroy,
};
