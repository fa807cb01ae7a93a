/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of backends and the choice by name. */
#include "backend.h"

#include "error.h"

#include <stdio.h>
#include <string.h>

static const struct backend backend_cuda = {
    .name = "cuda",
    .reason = "this version of gr-oaconv has no GPU path",
    .usable = false,
};

/* In the order of preference. */
static const struct backend *const backends[] = {
    &oac_backend_volk, &oac_backend_direct, &backend_cuda};
enum { N_BACKENDS = sizeof backends / sizeof *backends };

static const struct alias {
    const char *name, *stands_for, *reason;
} aliases[] = {
    {"auto", "volk", "auto: the fastest CPU path of this build"},
    {"cpu", "volk", "cpu: the fastest CPU path of this build"},
    {"gpu", "cuda", "gpu: the only GPU path"},
};
enum { N_ALIASES = sizeof aliases / sizeof *aliases };

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
    for (size_t i = 0; i < N_BACKENDS; i++)
        if (backends[i]->usable) {
            const size_t used = strlen(usable);
            snprintf(usable + used, sizeof usable - used, ", %s", backends[i]->name);
        }
    return oac_fail(OAC_ERR_BACKEND, "unknown backend \"%.64s\"; usable here: %s", name, usable);
}

oaconv_status
oac_backend_find(const char *name, const struct backend **backend, const char **reason)
{
    const char *wanted = name ? name : "auto";
    *reason = "asked for by name";
    for (size_t i = 0; i < N_ALIASES; i++)
        if (!strcmp(wanted, aliases[i].name)) {
            wanted = aliases[i].stands_for;
            *reason = aliases[i].reason;
            break;
        }
    for (size_t i = 0; i < N_BACKENDS; i++) {
        if (strcmp(wanted, backends[i]->name))
            continue;
        if (!backends[i]->usable)
            return oac_fail(OAC_ERR_BACKEND,
                            "backend \"%s\" cannot run here: %s",
                            name ? name : "auto",
                            backends[i]->reason);
        *backend = backends[i];
        return OAC_OK;
    }
    return refuse_unknown(wanted);
}
