/* SPDX-License-Identifier: GPL-3.0-or-later
 * A GPU lost, left and won back. */
#include "gpu_failover.h"

#include "base/error.h"
#include "forks.h"
#include "pending.h"
#include "retired.h"

#include <stdio.h>

void oac_lose_gpu(oaconv *f, const char *failure)
{
    oac_settle(f);
    atomic_store(&f->gpu_lost, true);
    f->gpu_losses++;
    snprintf(f->cpu_reason, sizeof f->cpu_reason, "the GPU was lost: %s", failure);
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "GPU lost at sample %llu, %s goes on: %s",
            (unsigned long long)f->n_samples,
            f->setup.cpu->name,
            failure);
}

void oac_tell_refusal(const oaconv *f, const char *taps, const char *why)
{
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "the GPU refuses the %s taps, %s takes over with them: %s",
            taps,
            f->setup.cpu->name,
            why);
}

void oac_leave_gpu(oaconv *f, const struct tap_state *next)
{
    const bool refused = *next->gpu_refusal;
    f->gpu_losses++;
    snprintf(f->cpu_reason,
             sizeof f->cpu_reason,
             "the taps in force %s%.160s",
             refused ? "were refused by the GPU: " : "were prepared while the GPU was lost",
             next->gpu_refusal);
    if (!refused)
        oac_log(&f->log,
                OAC_LOG_ERROR,
                "%s takes over at sample %llu: %s",
                f->setup.cpu->name,
                (unsigned long long)f->n_samples,
                f->cpu_reason);
}

/* Taps that were prepared while the GPU was lost, and are not in force yet, get it back, too. */
static void reopen_prepared(oaconv *f)
{
    struct tap_state *s = atomic_exchange(&f->prepared, NULL), *none = NULL;
    if (!s)
        return;
    if (!s->gpu_state && oac_tap_state_open_gpu(s, &f->setup) != OAC_OK) {
        snprintf(s->gpu_refusal, sizeof s->gpu_refusal, "%s", oaconv_last_error());
        oac_tell_refusal(f, "prepared", s->gpu_refusal);
    }
    if (!atomic_compare_exchange_strong(&f->prepared, &none, s))
        oac_retire(f, s); /* newer ones have been prepared meanwhile */
}

static oaconv_status reopen_gpu(oaconv *f)
{
    struct tap_state *s = f->tap_state;
    if (!f->setup.gpu || oac_on_gpu(f, s))
        return OAC_OK;
    oac_settle(f);
    oac_tap_state_close_gpu(s, &f->setup);
    oaconv_status status = oac_tap_state_open_gpu(s, &f->setup);
    if (status == OAC_OK) {
        atomic_store(&f->gpu_lost, false);
        reopen_prepared(f);
        return OAC_OK;
    }
    snprintf(f->cpu_reason, sizeof f->cpu_reason, "the GPU is lost: %s", oaconv_last_error());
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "the GPU is still lost, %s goes on: %s",
            f->setup.cpu->name,
            oaconv_last_error());
    return status;
}

oaconv_status oaconv_gpu_reopen(oaconv *f)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_reopen: null pointer");
    oaconv_status status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    status = reopen_gpu(f);
    oac_end_call(f);
    return status;
}

oaconv_status oaconv_gpu_measure(oaconv *f, double seconds, oaconv_gpu_rates *rates)
{
    if (!f || !rates)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_measure: null pointer");
    if (!(seconds >= 0 && seconds <= 3600))
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_gpu_measure: %g seconds; they must be between 0 and 3600",
                        seconds);
    if (!oac_on_gpu(f, f->tap_state))
        return oac_fail(OAC_ERR_BACKEND, "oaconv_gpu_measure: no GPU is in use");
    oaconv_status status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    status = f->setup.gpu->measure(f->tap_state->gpu_state, seconds, rates);
    if (status == OAC_ERR_BACKEND)
        oac_lose_gpu(f, oaconv_last_error());
    oac_end_call(f);
    return status;
}
