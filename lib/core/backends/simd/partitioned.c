/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "simd": segments whose spectra are added up, of partitions or polyphase branches.
 *
 * Long rows of taps with a short hop are cut into K partitions: the spectra of the last K segments
 * are kept, and each of them meets the partition that is as many hops old as itself (frequency
 * domain delay line: W. G. Gardner, "Efficient convolution without input-output delay", JAES 43,
 * 1995; G. Wefers, "Partitioned convolution algorithms for real-time auralization", 2015). With
 * decimation, a segment has the spectra of its B polyphase branches in the place of one. */
#include "backends/simd/deinterleave.h"
#include "backends/simd/simd.h"

#include <string.h>

/* The spectra of all branches of a segment. */
static void transform_branches(const struct simd *s,
                               const struct scratch *w,
                               const struct piece *piece,
                               float *spectra)
{
    const size_t D = s->plan.decimation, width = s->width;
    oac_deinterleave(piece->in, piece->n, D, width, w->deinterleaved + width, s->pitch);
    for (size_t p = 0; p < s->plan.n_branches; p++, spectra += s->spectrum) {
        const struct polyphase_branch b = oac_polyphase_branch(p, piece->skip, piece->n, D);
        float *in = w->deinterleaved + b.begin * s->pitch + (1 - b.first) * width;
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
            const struct simd_block block = oac_simd_open_block(s, w, c, &pieces[t]);
            oac_simd_bring_in(s, w, &pieces[t]);
            s->kernel->forward(s->fft, &block, slot(s, w, c, 0));
        }
    }
    c->n_past = oac_least(c->n_past + n, s->n_slots);
    for (size_t t = 0; t < n; t++)
        sums[t] = list_inputs(s, w, c, t, n - 1 - t, s->plan.n_partitions);
    s->kernel->multiply_add(s->fft->n, sums, n, c->spectra);
    for (size_t t = 0; t < n; t++) {
        const struct simd_block block = oac_simd_open_block(s, w, c, &pieces[t]);
        s->kernel->inverse(s->fft, w->work + t * s->spectrum, &block);
        oac_simd_close_block(s, w, c, &pieces[t]);
    }
}

void oac_simd_run_summed(const struct simd *s,
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

void oac_simd_drain_partitions(
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
