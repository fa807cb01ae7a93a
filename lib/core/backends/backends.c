/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of backends and the choice among them. */
#include "backends/backend.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Each in single and in double precision, or NULL. */
static const struct backend *const backends[][2] = {
    {&oac_backend_simd, NULL},
    {&oac_backend_volk_single, &oac_backend_volk_double},
    {&oac_backend_direct_single, &oac_backend_direct_double},
    {&oac_backend_cuda, NULL}};
enum { N_BACKENDS = sizeof backends / sizeof *backends };

size_t oac_backend_count(void)
{
    return N_BACKENDS;
}

const struct backend *oac_backend_get(size_t i)
{
    return i < N_BACKENDS ? backends[i][OAC_SINGLE] : NULL;
}

static oaconv_status refuse_unknown(const char *name)
{
    char usable[128] = "auto, cpu";
    const char *reason;
    for (size_t i = 0; i < N_BACKENDS; i++)
        if (backends[i][OAC_SINGLE]->usable(&reason)) {
            const size_t used = strlen(usable);
            snprintf(usable + used, sizeof usable - used, ", %s", backends[i][OAC_SINGLE]->name);
        }
    return oac_fail(OAC_ERR_BACKEND, "unknown backend \"%.64s\"; usable here: %s", name, usable);
}

static oaconv_status
find_by_name(const char *name, oaconv_precision precision, const struct backend **backend)
{
    const char *exact = strcmp(name, "gpu") ? name : "cuda", *reason;
    for (size_t i = 0; i < N_BACKENDS; i++) {
        if (strcmp(exact, backends[i][OAC_SINGLE]->name))
            continue;
        *backend = backends[i][precision];
        if (!*backend)
            return oac_fail(OAC_ERR_BACKEND,
                            "backend \"%s\" computes in single precision only; in double precision "
                            "there are auto, cpu, volk and direct",
                            name);
        if (!(*backend)->usable(&reason))
            return oac_fail(OAC_ERR_BACKEND, "backend \"%s\" cannot run here: %s", name, reason);
        return OAC_OK;
    }
    return refuse_unknown(name);
}

/* The CPU backend whose best plan costs least, and how the others compare. */
static void find_cheapest(struct choice *choice,
                          const char *name,
                          struct plan_request request,
                          const struct cost_table *costs)
{
    const char *what;
    char others[OAC_MAX_REASON / 2] = "";
    double least = 0;
    choice->cpu = NULL;
    for (size_t i = 0; i < N_BACKENDS; i++) {
        const struct backend *backend = backends[i][request.precision];
        if (!backend || !backend->uses_fft || !backend->usable(&what))
            continue;
        struct plan plan;
        request.method = backend->method;
        oac_plan_init(&plan, &request, costs);
        const bool best = !choice->cpu || plan.cost < least;
        const size_t used = strlen(others);
        if (choice->cpu)
            snprintf(others + used,
                     sizeof others - used,
                     ", %s %.2f",
                     best ? choice->cpu->name : backend->name,
                     best ? least : plan.cost);
        if (best) {
            choice->cpu = backend;
            least = plan.cost;
        }
    }
    snprintf(choice->reason,
             sizeof choice->reason,
             "%s: %s costs least here, %.2f ns a sample%s",
             name,
             choice->cpu->name,
             least,
             others);
}

/* The GPU that "auto" may prefer. */
static void look_for_gpu(struct choice *choice, oaconv_precision precision)
{
    const size_t used = strlen(choice->reason);
    const char *refusal;
    if (precision == OAC_DOUBLE)
        snprintf(choice->reason + used,
                 sizeof choice->reason - used,
                 "; GPUs are for single precision only");
    else if (oac_backend_cuda.usable(&refusal))
        choice->gpu = &oac_backend_cuda;
    else
        snprintf(choice->gpu_refusal, sizeof choice->gpu_refusal, "%s", refusal);
}

oaconv_status oac_backend_choose(struct choice *choice,
                                 const char *name,
                                 const struct plan_request *request,
                                 const struct cost_table *costs)
{
    *choice = (struct choice){0};
    if (!strcmp(name, "auto") || !strcmp(name, "cpu")) {
        find_cheapest(choice, name, *request, costs);
        if (!strcmp(name, "auto"))
            look_for_gpu(choice, request->precision);
        return OAC_OK;
    }
    const struct backend *named = NULL;
    oaconv_status status = find_by_name(name, request->precision, &named);
    if (status != OAC_OK)
        return status;
    if (named == &oac_backend_cuda) {
        choice->gpu = named;
        choice->gpu_required = true;
        find_cheapest(choice, name, *request, costs);
    } else {
        choice->cpu = named;
    }
    snprintf(choice->reason, sizeof choice->reason, "asked for by name");
    return OAC_OK;
}
