/* SPDX-License-Identifier: GPL-3.0-or-later
 * The state of backend "simd", for the files that make it up. */
#ifndef OAC_SIMD_H
#define OAC_SIMD_H

#include "backends/backend.h"
#include "backends/polyphase.h"
#include "backends/simd/kernel.h"
#include "base/sizes.h"

enum { WHOLE = OAC_SIMD_MAX_WIDTH }; /* lengths that the kernels take are multiples of it */
enum { MOST_AT_ONCE = 8 };           /* hops that read the partitions together */

/* What one worker needs besides what it only reads. */
struct scratch {
    float *work;          /* [at_once] spectra */
    float *in, *out;      /* [N] samples of a segment that is not made of whole vectors */
    float *deinterleaved; /* [D][pitch], the samples of a segment: a zero before those of each
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
    size_t pitch;         /* floats per polyphase branch */
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

static inline size_t whole(size_t n)
{
    return (n + WHOLE - 1) / WHOLE * WHOLE;
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

/* A call for one channel. */
struct stretch {
    const float *in;
    float *out;
    size_t n, skip;
};

/* Samples that a segment of which n samples came out owes to later ones, by way of the tail. */
static inline size_t owed_after(const struct simd *s, size_t n)
{
    return s->plan.n_partitions > 1 ? s->plan.n_fft - n : s->n_tail;
}

/* The segment that begins at sample `from` of a hop that ends at `end`. */
static inline struct piece
cut(const struct simd *s, const struct stretch *stretch, size_t from, size_t end)
{
    const size_t D = s->plan.decimation, n = oac_least(D * s->plan.segment, end - from);
    return (struct piece){.in = stretch->in + from * s->width,
                          .out = stretch->out + from / D * s->width,
                          .n = n,
                          .n_out = oac_kept_from(stretch->skip, n, D),
                          .skip = stretch->skip};
}

static inline void simd_add(float *to, const float *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += from[i];
}

/* ---- blocks.c: a segment on its way through the kernel ---- */

/* Samples that are no whole vectors go to the kernel by way of the scratch. */
void oac_simd_bring_in(const struct simd *s, const struct scratch *w, const struct piece *p);

/* The block that begins with the segment; where samples go by way of the scratch, that receives all
 * N samples of the result. */
struct simd_block oac_simd_open_block(const struct simd *s,
                                      const struct scratch *w,
                                      const struct channel *c,
                                      const struct piece *p);

/* After the kernel: the samples are out, and what the block owes begins right after them. */
void oac_simd_close_block(const struct simd *s,
                          const struct scratch *w,
                          struct channel *c,
                          const struct piece *p);

/* ---- partitioned.c: spectra that are added up, of partitions or branches ---- */

/* A call for one channel. */
void oac_simd_run_summed(const struct simd *s,
                         const struct scratch *w,
                         struct channel *c,
                         const struct stretch *stretch);

/* What earlier segments still owe by later partitions: hops in which nothing new comes. */
void oac_simd_drain_partitions(
    const struct simd *s, const struct scratch *w, const struct channel *c, float *tail, size_t n);

#endif
