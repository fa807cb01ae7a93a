/* SPDX-License-Identifier: GPL-3.0-or-later
 * Backend "cuda": cuFFT on a GPU, through a module that is opened at run time.
 *
 * What earlier samples owe stays here, in host memory: a call of the module is a transaction that
 * takes it and gives a new one, and counts only when all of it has succeeded. */
#include "backends/backend.h"
#include "backends/gpu/gpu_loader.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

struct cuda {
    const struct gpu_module *module;
    void *filter;
    size_t width;              /* floats per sample */
    size_t n_channels, n_owed; /* floats per channel */
    float *owed, *next_owed;   /* [M][n_owed]; the second is scratch */
    char plan_reason[OAC_MAX_REASON];
};

static void cuda_destroy(void *state)
{
    struct cuda *s = state;
    if (!s)
        return;
    if (s->filter && !oac_gpu_module_lost())
        s->module->close(s->filter);
    oac_free(s->owed);
    oac_free(s->next_owed);
    oac_free(s);
}

static oaconv_status open_filter(struct cuda *s,
                                 const struct plan *plan,
                                 const struct taps *taps,
                                 const struct means *means)
{
    const char *failure;
    const struct gpu_request request = {.type = taps->type,
                                        .device = means->device,
                                        .n_channels = taps->n_channels,
                                        .n_rows = taps->n_distinct,
                                        .n_taps = taps->longest,
                                        .decimation = plan->decimation,
                                        .rows = taps->row,
                                        .row_of = taps->row_of,
                                        .batch = means->batch,
                                        .timeout = means->timeout};
    s->module = oac_gpu_module_open(&failure);
    if (s->module)
        failure = s->module->open(&s->filter, &request);
    return failure ? oac_fail(OAC_ERR_BACKEND, "%s", failure) : OAC_OK;
}

static void explain_plan(struct cuda *s, const struct plan *plan, size_t batch)
{
    struct gpu_facts facts;
    char branches[24] = "";
    s->module->facts(s->filter, &facts);
    if (plan->n_branches > 1)
        snprintf(branches, sizeof branches, "%zu ", plan->n_branches);
    snprintf(
        s->plan_reason,
        sizeof s->plan_reason,
        "least memory traffic on the GPU for calls of %zu samples: %zu new samples in %sblocks of "
        "%zu, units of %zu segments, %zu of them in flight",
        batch,
        plan->decimation * facts.segment,
        branches,
        facts.n_fft,
        facts.n_segments,
        facts.n_slots);
}

static oaconv_status cuda_create(void **state,
                                 const struct plan *plan,
                                 const struct taps *taps,
                                 const struct means *means)
{
    *state = NULL;
    struct cuda *s = oac_alloc(1, sizeof *s);
    oaconv_status status = s ? open_filter(s, plan, taps, means) : OAC_OK;
    if (s && status == OAC_OK) {
        s->n_channels = taps->n_channels;
        s->width = oac_sample_width(taps->type);
        s->n_owed = plan->n_owed * s->width;
        s->owed = oac_alloc(s->n_channels, s->n_owed * sizeof *s->owed);
        explain_plan(s, plan, means->batch);
        s->next_owed = oac_alloc(s->n_channels, s->n_owed * sizeof *s->next_owed);
    }
    if (status == OAC_OK && (!s || !s->owed || !s->next_owed))
        status = oac_fail(OAC_ERR_NO_MEMORY,
                          "out of memory for %zu channels of %zu taps",
                          taps->n_channels,
                          taps->longest);
    if (status != OAC_OK)
        cuda_destroy(s);
    else
        *state = s;
    return status;
}

static oaconv_status refuse_child(void)
{
    return oac_fail(OAC_ERR_BACKEND, "CUDA does not survive fork()");
}

static oaconv_status
cuda_run(void *state, const struct share *share, const void *const *in, void *const *out, size_t n)
{
    struct cuda *s = state;
    if (oac_gpu_module_lost())
        return refuse_child();
    /* All channels: they travel together. */
    const char *failure = s->module->run(s->filter, in, out, n, share->skip, s->owed, s->next_owed);
    if (failure)
        return oac_fail(OAC_ERR_BACKEND, "%s", failure);
    float *spent = s->owed;
    s->owed = s->next_owed;
    s->next_owed = spent;
    return OAC_OK;
}

static void cuda_drain(void *state, void *const *tail, size_t n)
{
    struct cuda *s = state;
    for (size_t m = 0; tail && m < s->n_channels; m++) {
        float *to = tail[m];
        for (size_t t = 0; t < n * s->width; t++)
            to[t] += s->owed[m * s->n_owed + t];
    }
    memset(s->owed, 0, s->n_channels * s->n_owed * sizeof *s->owed);
}

static void cuda_describe(const void *state, oaconv_info *info)
{
    const struct cuda *s = state;
    struct gpu_facts facts;
    s->module->facts(s->filter, &facts);
    info->n_fft = facts.n_fft;
    info->segment = facts.segment;
    info->n_partitions = 1;
    info->cost = 0;
    info->plan_reason = s->plan_reason;
    info->device_bytes = facts.device_bytes;
    info->pinned_bytes = facts.pinned_bytes;
}

static oaconv_status cuda_measure(void *state, double seconds, oaconv_gpu_rates *rates)
{
    const struct cuda *s = state;
    if (oac_gpu_module_lost())
        return refuse_child();
    const char *failure = s->module->measure(s->filter, seconds, rates);
    return failure ? oac_fail(OAC_ERR_BACKEND, "%s", failure) : OAC_OK;
}

static bool cuda_usable(const char **reason)
{
    const struct gpu_module *module = oac_gpu_module_open(reason);
    if (!module)
        return false;
    const char *failure = module->probe(0);
    *reason = failure ? failure : "cuFFT on a GPU";
    return !failure;
}

oaconv_status oaconv_gpu_describe(int device, oaconv_gpu *gpu)
{
    const char *failure;
    if (!gpu)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_describe: null pointer");
    oaconv_status status = oac_wanted_device(device, &device);
    if (status != OAC_OK)
        return status;
    const struct gpu_module *module = oac_gpu_module_open(&failure);
    if (module)
        failure = module->describe(device, gpu);
    return failure ? oac_fail(OAC_ERR_BACKEND, "%s", failure) : OAC_OK;
}

const struct backend oac_backend_cuda = {
    .name = "cuda",
    .usable = cuda_usable,
    .create = cuda_create,
    .run = cuda_run,
    .drain = cuda_drain,
    .destroy = cuda_destroy,
    .describe = cuda_describe,
    .measure = cuda_measure,
};
