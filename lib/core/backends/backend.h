/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a backend is: it computes its zero-state response and can be drained. */
#ifndef OAC_BACKEND_H
#define OAC_BACKEND_H

#include "base/taps.h"
#include "oaconv/private/gpu_report.h"
#include "plan/plan.h"

/* What one worker filters in one call. */
struct share {
    size_t worker;     /* 0 .. n_workers - 1 */
    size_t first, end; /* channels first .. end - 1 */
    size_t skip;       /* of the samples in, the first one kept by decimation: less than D */
};

/* What a backend works with, besides the plan and the taps. */
struct means {
    size_t n_workers;
    /* For GPUs: */
    int device;
    size_t batch;   /* samples per channel of a usual call */
    double timeout; /* seconds that one may be silent */
};

struct backend {
    const char *name;
    bool uses_fft;
    enum cost_method method; /* how, where it uses one */

    /* Whether it can run here; *reason says what it is, or why not: of this thread, until its next
     * call. */
    bool (*usable)(const char **reason);

    /* Allocates everything, scratch included; copies what it needs of the taps. On failure *state
     * is NULL and the message is set. */
    oaconv_status (*create)(void **state,
                            const struct plan *plan,
                            const struct taps *taps,
                            const struct means *means);

    /* Filters n samples of the channels of a share. n is a multiple of the hop, or it is the last
     * piece, shorter than a hop, after which drain must come. share->skip is the same in all calls
     * between two drains. Shares without a common worker or channel may run at the same time; on a
     * GPU the share is always all channels. All or nothing, and only a GPU fails: then `out` is
     * undefined, and what drain gives is as before. Does not allocate. */
    oaconv_status (*run)(
        void *state, const struct share *share, const void *const *in, void *const *out, size_t n);

    /* Adds the n samples still to come of every channel to tail [M][n], n <= n_owed of the plan, or
     * forgets them where tail is NULL, and is empty again. Cannot fail, allocates nothing. */
    void (*drain)(void *state, void *const *tail, size_t n);

    void (*destroy)(void *state); /* accepts NULL and half-built */

    /* Of GPUs only: replaces what the plan says by what is so; measures its parts. */
    void (*describe)(const void *state, oaconv_info *info);
    oaconv_status (*measure)(void *state, double seconds, oaconv_gpu_rates *rates);
};

/* All backends, usable or not; in single precision, which each of them knows. */
size_t oac_backend_count(void);
const struct backend *oac_backend_get(size_t i);

enum { OAC_MAX_REASON = 256 };

/* What filters, and what goes on when that fails. */
struct choice {
    const struct backend *cpu;
    const struct backend *gpu; /* or NULL */
    bool gpu_required;         /* else it must be faster than cpu */
    char reason[OAC_MAX_REASON];
    char gpu_refusal[OAC_MAX_REASON]; /* why there is none where one would have been tried */
};

/* The backends of a name; "auto" and "cpu" are the CPU backend that filters what is requested at
 * the least cost, in the precision requested. Looks for a GPU with "auto", "gpu" and "cuda" only,
 * and in single precision only. */
oaconv_status oac_backend_choose(struct choice *choice,
                                 const char *name,
                                 const struct plan_request *request,
                                 const struct cost_table *costs);

extern const struct backend oac_backend_simd, oac_backend_cuda;
extern const struct backend oac_backend_volk_single, oac_backend_volk_double;
extern const struct backend oac_backend_direct_single, oac_backend_direct_double;

#endif
