/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measured, built in, or from a file. */
#define _POSIX_C_SOURCE 200809L
#include "cost_table.h"

#include "simd_kernel.h"
#include "version.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One core of an AMD EPYC (Zen 4), 2026-11: FFTW 3.3.10 and VOLK 2.5, our kernels for AVX2. */
const struct cost_table oac_cost_nominal = {
    .block = {[COST_PAIRS] =
                  {{118, 197, 370, 820, 1760, 3960, 9560, 25600, 64400, 136e3, 542e3, 1.19e6},
                   {134, 214, 415, 935, 1900, 4220, 10000, 27000, 67800, 135e3, 503e3, 1.18e6}},
              [COST_FOLDED] =
                  {{78, 169, 371, 747, 1660, 3760, 7830, 17100, 38500, 80400, 172e3, 382e3},
                   {86, 193, 409, 821, 1800, 4080, 8780, 20100, 44100, 91400, 194e3, 426e3}}},
    .odd_penalty = {1.1, 1.06},
    .product = 0.14,
    .far_byte = 0.0086,
    .near_bytes = 1048576,
};

static struct cost_table table;
static pthread_once_t made_once = PTHREAD_ONCE_INIT;

static void complain(const char *path, const char *why)
{
    fprintf(stderr, "oaconv: cost table %s: %s; measured instead\n", path, why);
}

static void measure(void)
{
    if (!oac_cost_measure(&table))
        table = oac_cost_nominal;
}

/* The file of this version and kernel; false without a place for it. */
static bool cache_path(char *path, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    const struct simd_kernel *kernel = oac_simd_kernel();
    char folder[512];
    int n = -1;
    if (cache && *cache)
        n = snprintf(folder, sizeof folder, "%s", cache);
    else if (home && *home)
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
        complain("cache", "neither XDG_CACHE_HOME nor HOME names a folder");
        measure();
        return;
    }
    struct stat there;
    if (stat(path, &there) == 0) {
        if (oac_cost_read(path, &table, &why))
            return;
        complain(path, why);
    }
    measure();
    if (!oac_cost_write(path, &table, &why))
        complain(path, why);
}

static void make(void)
{
    const char *source = getenv("OACONV_COST_TABLE"), *why;
    if (!source || !*source) {
        measure();
    } else if (!strcmp(source, "nominal")) {
        table = oac_cost_nominal;
    } else if (!strcmp(source, "cache")) {
        make_cached();
    } else if (!oac_cost_read(source, &table, &why)) {
        complain(source, why);
        measure();
    }
}

const struct cost_table *oac_cost_table(void)
{
    pthread_once(&made_once, make);
    return &table;
}
