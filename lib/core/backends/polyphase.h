/* SPDX-License-Identifier: GPL-3.0-or-later
 * Decimation: which samples are kept, and the polyphase branches that they are made of.
 *
 * With k = D i + p, y[D j] = sum over k of h[k] x[D j - k] is a sum over D branches, each a
 * convolution at the lower rate: of the taps h[p], h[p + D], ... with the samples x[-p], x[D - p],
 * x[2 D - p], ... (M. Bellanger, G. Bonnerot, M. Coudreuse, "Digital filtering by polyphase
 * network", IEEE Trans. ASSP 24, 1976). */
#ifndef OAC_POLYPHASE_H
#define OAC_POLYPHASE_H

#include <stddef.h>
#include <stdint.h>

/* Of n samples from a kept one on, those that are kept. */
static inline uint64_t oac_kept(uint64_t n, size_t decimation)
{
    return n / decimation + (n % decimation > 0);
}

/* Of n samples, those that are kept if the first of them is sample `skip`. */
static inline size_t oac_kept_from(size_t skip, size_t n, size_t decimation)
{
    return n > skip ? (size_t)oac_kept(n - skip, decimation) : 0;
}

/* Samples from sample t on to the next that is kept. */
static inline size_t oac_skip_at(uint64_t t, size_t decimation)
{
    return (decimation - (size_t)(t % decimation)) % decimation;
}

/* What branch p gets of n samples, of which `skip` is the first kept: its inputs first .. end - 1
 * are the samples begin, begin + D, ... */
struct polyphase_branch {
    size_t first, end, begin;
};

static inline struct polyphase_branch
oac_polyphase_branch(size_t p, size_t skip, size_t n, size_t decimation)
{
    const size_t first = p > skip;
    const struct polyphase_branch branch = {.first = first,
                                            .end = oac_kept_from(skip, n + p, decimation),
                                            .begin = skip + first * decimation - p};
    return branch;
}

#endif
