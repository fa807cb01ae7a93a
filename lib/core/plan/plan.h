/* SPDX-License-Identifier: GPL-3.0-or-later
 * Chooses the FFT size, the segment and the partitions: numbers in, numbers out. */
#ifndef OAC_PLAN_H
#define OAC_PLAN_H

#include "base/element.h"
#include "plan/cost.h"

struct plan_request {
    oaconv_type type;
    oaconv_precision precision;
    enum cost_method method;
    size_t n_channels; /* M */
    size_t n_rows;     /* rows whose spectrum is stored */
    size_t n_taps;     /* P */
    size_t decimation; /* D */
    size_t hop;        /* 0: the plan chooses; a multiple of D */
    size_t max_hop;    /* bound on a chosen hop, if it is D or more; 0: none */
    size_t row_length; /* samples that a row has in all, and nobody waits for; 0: a stream */
    /* A plan that was made before, its hop included; 0: none. */
    size_t n_fft, segment;
};

struct plan {
    size_t n_taps;     /* P */
    size_t decimation; /* D */
    size_t n_branches; /* B: of the D polyphase branches, those that have taps */
    size_t n_owed;     /* samples that whole hops owe to later ones: ceil((P - 1) / D) */
    size_t n_fft;      /* N points of a block of each branch, a multiple of 16 */
    size_t segment;    /* L samples out of a block, D L into it */
    size_t hop;        /* D times: one segment, or several of which the last may be shorter */
    /* The taps of a branch are cut into K parts: one of them all; or several of a multiple of L,
     * and hop = D L. */
    size_t n_partitions, partition;
    double cost; /* estimated nanoseconds per new sample of one channel */
};

/* What the number of taps and the decimation alone decide; the rest is zero. */
struct plan oac_plan_of_taps(size_t n_taps, size_t decimation);

/* Whether a plan of that n_fft, segment and hop can be had. */
bool oac_plan_exists(const struct plan_request *request);

/* A pure function of the request, whose sizes are within the OAC_MAX_ bounds, and the costs. */
void oac_plan_init(struct plan *plan,
                   const struct plan_request *request,
                   const struct cost_table *costs);

/* Says what was chosen and why, in at most `size` bytes. */
void oac_plan_describe(const struct plan *plan,
                       const struct plan_request *request,
                       char *text,
                       size_t size);

#endif
