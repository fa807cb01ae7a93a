/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter at work: samples in, samples out, the tail, and what it tells of itself.
 *
 * A backend computes its zero-state response only; pending.h has what samples owe to later ones. */
#include "filter.h"

#include "backends/polyphase.h"
#include "base/arguments.h"
#include "base/error.h"
#include "forks.h"
#include "gpu_failover.h"
#include "pending.h"
#include "structs.h"

static oaconv_status run_in_force(oaconv *f, const struct call *call)
{
    if (oac_on_gpu(f, f->tap_state)) {
        if (oac_tap_state_run_gpu(f->tap_state, &f->setup, call) == OAC_OK) {
            f->gpu_calls++;
            return OAC_OK;
        }
        oac_lose_gpu(f, oaconv_last_error());
    }
    return oac_tap_state_run_cpu(f->tap_state, &f->setup, call);
}

size_t oaconv_output_length(const oaconv *f, size_t n)
{
    if (!f)
        return 0;
    return oac_kept_from(oac_skip_at(f->n_samples, f->setup.decimation), n, f->setup.decimation);
}

static oaconv_status run_piece(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f->tail_read > 0)
        return oac_fail(OAC_ERR_ARG, "the tail has been read: oaconv_reset must come first");
    if (f->finished)
        oac_settle(f);
    const struct call call = {
        .in = in, .out = out, .n = n, .skip = oac_skip_at(f->n_samples, f->setup.decimation)};
    oaconv_status status = run_in_force(f, &call);
    if (status != OAC_OK)
        return status;
    oac_take_pending(f, out, oaconv_output_length(f, n), true);
    f->n_samples += n;
    f->finished = f->drained = false;
    return OAC_OK;
}

oaconv_status oaconv_process(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f && n == 0)
        return OAC_OK;
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_process: null pointer");
    oaconv_status status = oac_check_pointers(f->setup.n_channels, in, out, "oaconv_process");
    if (status != OAC_OK)
        return status;
    if (n % f->tap_state->plan.hop)
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_process: %zu samples are no multiple of the hop, %zu",
                        n,
                        f->tap_state->plan.hop);
    status =
        oac_check_length(n, oac_sample_bytes(f->setup.type, f->setup.precision), "oaconv_process");
    if (status == OAC_OK)
        status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    status = run_piece(f, in, out, n);
    oac_end_call(f);
    return status;
}

oaconv_status oaconv_finish(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_finish: null pointer");
    if (n >= f->tap_state->plan.hop)
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_finish: %zu samples are not less than the hop, %zu",
                        n,
                        f->tap_state->plan.hop);
    oaconv_status status =
        n ? oac_check_pointers(f->setup.n_channels, in, out, "oaconv_finish") : OAC_OK;
    if (status == OAC_OK)
        status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    if (n)
        status = run_piece(f, in, out, n);
    if (status == OAC_OK)
        f->finished = true;
    oac_end_call(f);
    return status;
}

size_t oaconv_tail_length(const oaconv *f)
{
    if (!f)
        return 0;
    const uint64_t end = oac_kept_before(f, oac_reach(f)),
                   done = oac_kept_before(f, f->n_samples) + f->tail_read;
    return end > done ? (size_t)(end - done) : 0;
}

oaconv_status oaconv_read_tail(oaconv *f, void *const *out, size_t n)
{
    if (!f || (n && !out))
        return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: null pointer");
    if (!f->finished)
        return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: oaconv_finish must come first");
    if (n > oaconv_tail_length(f))
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_read_tail: %zu samples asked for, %zu are left",
                        n,
                        oaconv_tail_length(f));
    for (size_t m = 0; n && m < f->setup.n_channels; m++)
        if (!out[m])
            return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: channel %zu is a null pointer", m);
    oaconv_status status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    if (n > 0) {
        oac_settle(f);
        oac_take_pending(f, out, n, false);
    }
    f->tail_read += n;
    oac_end_call(f);
    return OAC_OK;
}

void oaconv_reset(oaconv *f)
{
    if (!f || oac_begin_call(f) != OAC_OK)
        return;
    oac_forget_pending(f);
    f->n_samples = f->taps_since = f->owed_until = f->tail_read = f->n_changes = 0;
    f->finished = f->drained = true;
    oac_end_call(f);
}

void oac_describe(const oaconv *f, oaconv_info *info)
{
    const struct plan *plan = &f->tap_state->plan;
    const bool gpu = oac_on_gpu(f, f->tap_state);
    *info = (oaconv_info){.n_channels = f->setup.n_channels,
                          .n_taps = plan->n_taps,
                          .decimation = plan->decimation,
                          .n_partitions = plan->n_partitions,
                          .n_fft = plan->n_fft,
                          .segment = plan->segment,
                          .hop = plan->hop,
                          .threads = f->setup.pool ? oac_pool_workers(f->setup.pool) : 1,
                          .latency = plan->hop - 1,
                          .cost = f->setup.cpu->uses_fft ? plan->cost : 0,
                          .n_samples = f->n_samples,
                          .n_changes = f->n_changes,
                          .last_change = f->taps_since,
                          .gpu_calls = f->gpu_calls,
                          .gpu_losses = f->gpu_losses,
                          .backend = (gpu ? f->setup.gpu : f->setup.cpu)->name,
                          .reason = f->setup.gpu && !gpu ? f->cpu_reason : f->reason,
                          .plan_reason = f->tap_state->plan_reason};
    if (gpu)
        f->setup.gpu->describe(f->tap_state->gpu_state, info);
}
