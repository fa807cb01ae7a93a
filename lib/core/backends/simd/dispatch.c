/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which kernel of backend "simd" runs here. */
#include "backends/simd/kernel.h"
#include "base/environment.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#ifdef OAC_SIMD_X86
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

static bool always(void)
{
    return true;
}

/* In the order of preference. */
static const struct {
    const struct simd_kernel *kernel;
    bool (*runs_here)(void);
} kernels[] = {
#ifdef OAC_SIMD_X86
    {&oac_simd_avx512, has_avx512},
    {&oac_simd_avx2, has_avx2},
#endif
    {&oac_simd_generic, always},
};
enum { N_KERNELS = sizeof kernels / sizeof *kernels };

const struct simd_kernel *oac_simd_kernel_here(size_t i)
{
    for (int k = 0; k < N_KERNELS; k++)
        if (kernels[k].runs_here() && i-- == 0)
            return kernels[k].kernel;
    return NULL;
}

static pthread_once_t chosen_once = PTHREAD_ONCE_INIT;
static const struct simd_kernel *chosen;
static char reason[160];

static void choose(void)
{
    const char *wanted = oac_environment("OACONV_SIMD");
    for (size_t i = 0; !chosen && oac_simd_kernel_here(i); i++)
        if (!wanted || !strcmp(wanted, oac_simd_kernel_here(i)->name))
            chosen = oac_simd_kernel_here(i);
    if (chosen)
        snprintf(reason,
                 sizeof reason,
                 "overlap-add kernels of our own, %s%s",
                 chosen->name,
                 wanted ? ", as OACONV_SIMD says" : "");
    else
        snprintf(reason,
                 sizeof reason,
                 "OACONV_SIMD is \"%.40s\", which this build or processor cannot run",
                 wanted);
}

const struct simd_kernel *oac_simd_kernel(void)
{
    pthread_once(&chosen_once, choose);
    return chosen;
}

const char *oac_simd_reason(void)
{
    pthread_once(&chosen_once, choose);
    return reason;
}
