/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of backends and the choice among them. */
#include "backend.h"

#include "cost_table.h"
#include "error.h"

#include <stdio.h>
#include <string.h>

static bool no_gpu_path(const char **reason)
{
    *reason = "this version of gr-oaconv has no GPU path";
    return false;
}

static const struct backend backend_cuda = {.name = "cuda", .usable = no_gpu_path};

static const struct backend *const backends[] = {
    &oac_backend_simd, &oac_backend_volk, &oac_backend_direct, &backend_cuda};
enum { N_BACKENDS = sizeof backends / sizeof *backends };

size_t oac_backend_count(void)
{
    return N_BACKENDS;
}

const struct backend *oac_backend_get(size_t i)
{
    return i < N_BACKENDS ? backends[i] : NULL;
}

static oaconv_status refuse_unknown(const char *name)
{
    char usable[128] = "auto, cpu";
    const char *reason;
    for (size_t i = 0; i < N_BACKENDS; i++)
        if (backends[i]->usable(&reason)) {
            const size_t used = strlen(usable);
            snprintf(usable + used, sizeof usable - used, ", %s", backends[i]->name);
        }
    return oac_fail(OAC_ERR_BACKEND, "unknown backend \"%.64s\"; usable here: %s", name, usable);
}

static oaconv_status find_by_name(const char *name, const struct backend **backend)
{
    const char *exact = strcmp(name, "gpu") ? name : "cuda", *reason;
    for (size_t i = 0; i < N_BACKENDS; i++) {
        if (strcmp(exact, backends[i]->name))
            continue;
        if (!backends[i]->usable(&reason))
            return oac_fail(OAC_ERR_BACKEND, "backend \"%s\" cannot run here: %s", name, reason);
        *backend = backends[i];
        return OAC_OK;
    }
    return refuse_unknown(name);
}

/* The backend whose best plan costs least, and how the others compare. */
static void find_cheapest(const char *name,
                          struct plan_request request,
                          const struct backend **backend,
                          char *reason)
{
    const char *what;
    char others[OAC_MAX_REASON / 2] = "";
    double least = 0;
    for (size_t i = 0; i < N_BACKENDS; i++) {
        if (!backends[i]->uses_fft || !backends[i]->usable(&what))
            continue;
        struct plan plan;
        request.method = backends[i]->method;
        oac_plan_init(&plan, &request, oac_cost_table());
        const bool best = !*backend || plan.cost < least;
        const size_t used = strlen(others);
        if (*backend)
            snprintf(others + used,
                     sizeof others - used,
                     ", %s %.2f",
                     best ? (*backend)->name : backends[i]->name,
                     best ? least : plan.cost);
        if (best) {
            *backend = backends[i];
            least = plan.cost;
        }
    }
    snprintf(reason,
             OAC_MAX_REASON,
             "%s: %s costs least here, %.2f ns a sample%s",
             name,
             (*backend)->name,
             least,
             others);
}

oaconv_status oac_backend_find(const char *name,
                               const struct plan_request *request,
                               const struct backend **backend,
                               char reason[OAC_MAX_REASON])
{
    *backend = NULL;
    const char *wanted = name ? name : "auto";
    if (!strcmp(wanted, "auto") || !strcmp(wanted, "cpu")) {
        find_cheapest(wanted, *request, backend, reason);
        return OAC_OK;
    }
    snprintf(reason, OAC_MAX_REASON, "asked for by name");
    return find_by_name(wanted, backend);
}
