/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a backend is: it computes its zero-state response and can be drained. */
#ifndef OAC_BACKEND_H
#define OAC_BACKEND_H

#include "plan.h"
#include "taps.h"

/* The channels that one worker filters in one call. */
struct share {
    size_t worker;     /* 0 .. n_workers - 1 */
    size_t first, end; /* channels first .. end - 1 */
};

struct backend {
    const char *name;
    bool uses_fft;
    enum cost_method method; /* how, where it uses one */

    /* Whether it can run here; *reason says what it is, or why not. Static. */
    bool (*usable)(const char **reason);

    /* Allocates everything, scratch included; copies what it needs of the taps. On failure *state
     * is NULL and the message is set. */
    oaconv_status (*create)(void **state,
                            const struct plan *plan,
                            const struct taps *taps,
                            size_t n_workers);

    /* Filters n samples of the channels of a share, n a multiple of the hop or a shorter last piece
     * after which only drain comes. Shares without a common worker or channel may run at the same
     * time. All or nothing. Does not allocate. */
    oaconv_status (*run)(
        void *state, const struct share *share, const void *const *in, void *const *out, size_t n);

    /* Adds the P - 1 samples still to come of every channel to tail [M][P - 1], or forgets them
     * where tail is NULL, and is empty again. Cannot fail, allocates nothing. */
    void (*drain)(void *state, float *const *tail);

    void (*destroy)(void *state); /* accepts NULL and half-built */
};

/* All backends, usable or not. */
size_t oac_backend_count(void);
const struct backend *oac_backend_get(size_t i);

enum { OAC_MAX_REASON = 160 };

/* The backend of a name, and why it was taken; "auto" and "cpu" are the backend that filters what
 * is requested at the least cost. */
oaconv_status oac_backend_find(const char *name,
                               const struct plan_request *request,
                               const struct backend **backend,
                               char reason[OAC_MAX_REASON]);

extern const struct backend oac_backend_simd;
extern const struct backend oac_backend_volk;
extern const struct backend oac_backend_direct;

#endif
