/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measured, built in, or from a file. */
#define _POSIX_C_SOURCE 200809L
#include "calibrate/cost_table.h"

#include "backends/simd/kernel.h"
#include "base/environment.h"
#include "base/process_lock.h"
#include "version.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Under OAC_LOCK_COSTS until they are made. */
static struct cost_table table, nominal_table;

static void complain(const char *path, const char *why)
{
    fprintf(stderr, "oaconv: cost table %s: %s; measured instead\n", path, why);
}

static void measure_table(void)
{
    if (!oac_cost_measure(&table))
        oac_cost_set_nominal(&table);
}

/* The file of this version and kernel; false without a place for it. */
static bool cache_path(char *path, size_t size)
{
    const char *cache = oac_environment("XDG_CACHE_HOME");
    const char *home = oac_environment("HOME");
    const struct simd_kernel *kernel = oac_simd_kernel();
    char folder[512];
    int n = -1;
    if (cache)
        n = snprintf(folder, sizeof folder, "%s", cache);
    else if (home)
        n = snprintf(folder, sizeof folder, "%s/.cache", home);
    if (n < 0 || (size_t)n >= sizeof folder)
        return false;
    mkdir(folder, 0700); /* a failure shows when the file is written */
    n = snprintf(path,
                 size,
                 "%s/oaconv-costs-%s-%s.txt",
                 folder,
                 OAC_VERSION,
                 kernel ? kernel->name : "none");
    return n > 0 && (size_t)n < size;
}

static void make_cached(void)
{
    char path[640];
    const char *why;
    if (!cache_path(path, sizeof path)) {
        complain("cache",
                 "neither XDG_CACHE_HOME nor HOME names a folder with a path that is short enough");
        measure_table();
        return;
    }
    struct stat there;
    const bool exists = stat(path, &there) == 0;
    if (exists && oac_cost_read(path, &table, &why))
        return;
    if (exists)
        complain(path, why);
    measure_table();
    if (!oac_cost_write(path, &table, &why) && !exists)
        complain(path, why);
}

/* What the user says, or NULL. */
static const char *source_asked_for(void)
{
    return oac_environment("OACONV_COST_TABLE");
}

static void make_table(void)
{
    const char *source = source_asked_for(), *why;
    if (!source) {
        measure_table();
    } else if (!strcmp(source, "nominal")) {
        oac_cost_set_nominal(&table);
    } else if (!strcmp(source, "cache")) {
        make_cached();
    } else if (!oac_cost_read(source, &table, &why)) {
        complain(source, why);
        measure_table();
    }
}

const struct cost_table *oac_cost_table(void)
{
    static bool made;
    oac_process_lock(OAC_LOCK_COSTS);
    if (!made)
        make_table();
    made = true;
    oac_process_unlock(OAC_LOCK_COSTS);
    return &table;
}

const struct cost_table *oac_cost_table_at_once(void)
{
    if (source_asked_for())
        return oac_cost_table();
    static bool made;
    oac_process_lock(OAC_LOCK_COSTS);
    if (!made)
        oac_cost_set_nominal(&nominal_table);
    made = true;
    oac_process_unlock(OAC_LOCK_COSTS);
    return &nominal_table;
}
