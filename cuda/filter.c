/* SPDX-License-Identifier: GPL-3.0-or-later
 * One call: units sent round the slots, and what they leave to later ones. */
#include "filter.h"

#include "backends/polyphase.h"
#include "check.h"
#include "in_flight.h"

#include <stdio.h>
#include <string.h>

void oac_cuda_facts(const void *state, struct gpu_facts *facts)
{
    const struct gpu_filter *f = state;
    *facts =
        (struct gpu_facts){.n_fft = f->context.plan.n_fft,
                           .segment = f->context.plan.segment,
                           .n_segments = f->context.plan.n_segments,
                           .n_slots = f->context.plan.n_slots,
                           .device_bytes = f->device_bytes,
                           .pinned_bytes = oac_gpu_plan_pinned_bytes(&f->context.plan, &f->shape)};
}

const char *oac_cuda_wait(struct gpu_filter *f, struct slot *slot)
{
    const char *failure = oac_slot_wait(slot, f->timeout, &f->silent);
    for (size_t i = 0; f->silent && i < f->context.plan.n_slots; i++)
        if (f->slots[i].done)
            oac_cuda_abandon(f->device, f->slots[i].done);
    return failure;
}

const char *oac_cuda_wait_for_all(struct gpu_filter *f, struct slot *slot)
{
    TRY_CUDA(cudaEventRecord(slot->done, slot->stream));
    return oac_cuda_wait(f, slot);
}

/* Gives out a unit that has come back, with what earlier ones owe it, and adds up what they owe
 * together to later ones. */
static const char *collect(struct gpu_filter *f, struct slot *slot, void *const *out, float *owed)
{
    const struct load *load = &slot->load;
    const size_t width = f->context.plan.width, n = load->n_out * width;
    const size_t n_owed = f->context.plan.n_owed * width;
    const size_t start = load->start / f->context.plan.decimation * width;
    const size_t met = n < n_owed ? n : n_owed, kept = n_owed - met;
    TRY(oac_cuda_wait(f, slot));
    for (size_t m = 0; m < f->context.n_channels; m++) {
        const float *y = slot->out + m * (n + n_owed);
        float *to = (float *)out[m] + start, *tail = owed + m * n_owed;
        for (size_t t = 0; t < met; t++)
            to[t] = y[t] + tail[t];
        memcpy(to + met, y + met, (n - met) * sizeof *to);
        memmove(tail, tail + met, kept * sizeof *tail);
        for (size_t t = 0; t < kept; t++)
            tail[t] += y[n + t];
        memcpy(tail + kept, y + n + kept, met * sizeof *tail);
    }
    return NULL;
}

/* What a call is about. */
struct call {
    const void *const *in;
    void *const *out;
    size_t n, skip;
};

/* The load that begins with sample `start`: as much as the longest unit takes. */
static struct load load_at(const struct gpu_plan *plan, const struct call *call, size_t start)
{
    const size_t most = oac_gpu_plan_input(plan, plan->n_segments), left = call->n - start;
    const size_t n = left < most ? left : most;
    return (struct load){.start = start,
                         .n = n,
                         .skip = call->skip,
                         .n_out = oac_kept_from(call->skip, n, plan->decimation)};
}

/* Sends units round the slots and collects them in the same order. All of them have the same skip,
 * as the longest is a multiple of D. */
static const char *run_units(struct gpu_filter *f, const struct call *call, float *owed)
{
    const struct gpu_plan *plan = &f->context.plan;
    struct load load;
    size_t sent = 0, collected = 0;
    TRY(oac_cuda_enter(f->device));
    for (size_t start = 0; start < call->n; start += load.n) {
        struct slot *slot = &f->slots[sent % plan->n_slots];
        load = load_at(plan, call, start);
        if (load.n_out + plan->n_owed == 0)
            break; /* one tap, and no sample of these is kept */
        if (slot->busy) {
            TRY(collect(f, slot, call->out, owed));
            collected++;
        }
        TRY(oac_slot_send(slot, &f->context, call->in, &load));
        sent++;
    }
    for (; collected < sent; collected++)
        TRY(collect(f, &f->slots[collected % plan->n_slots], call->out, owed));
    return NULL;
}

const char *oac_cuda_settle(struct gpu_filter *f, const char *failure)
{
    char kept[OAC_CUDA_MAX_FAILURE];
    snprintf(kept, sizeof kept, "%s", failure);
    for (size_t i = 0; i < f->context.plan.n_slots && !f->silent; i++)
        if (f->slots[i].done)
            (void)oac_cuda_wait_for_all(f, &f->slots[i]);
    return oac_cuda_failure("%s", kept);
}

const char *oac_cuda_run(void *state,
                         const void *const *in,
                         void *const *out,
                         size_t n,
                         size_t skip,
                         const float *tail,
                         float *new_tail)
{
    struct gpu_filter *f = state;
    const struct gpu_plan *plan = &f->context.plan;
    const struct call call = {.in = in, .out = out, .n = n, .skip = skip};
    const size_t n_owed = f->context.n_channels * plan->n_owed * plan->width;
    memcpy(new_tail, tail, n_owed * sizeof *new_tail);
    oac_cuda_begin_work();
    const char *failure = run_units(f, &call, new_tail);
    if (failure)
        failure = oac_cuda_settle(f, failure);
    oac_cuda_end_work();
    return failure;
}
