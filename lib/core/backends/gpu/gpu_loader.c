/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds and opens the GPU module: named by OACONV_CUDA_MODULE, or beside this library, or where the
 * system looks for libraries. */
#define _GNU_SOURCE /* dladdr */
#include "backends/gpu/gpu_loader.h"

#include "base/environment.h"
#include "base/process_lock.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "liboaconv-cuda.so";

static const struct gpu_module *opened; /* under OAC_LOCK_GPU_MODULE */
static bool is_lost;                    /* in a child of fork(); never changes in it */

static _Thread_local char message[256];

/* The folder oaconv/ beside this library; false where the path is too long. */
static bool path_beside_us(char *path, size_t size)
{
    Dl_info info;
    if (!dladdr(file_name, &info) || !info.dli_fname)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    const int folder = slash ? (int)(slash - info.dli_fname) + 1 : 0;
    const int n = snprintf(path, size, "%.*soaconv/%s", folder, info.dli_fname, file_name);
    return n > 0 && (size_t)n < size;
}

static const struct gpu_module *ask_for_module(void *library, const char *path)
{
    gpu_module_entry *entry;
    *(void **)&entry = dlsym(library, OAC_GPU_MODULE_ENTRY);
    const struct gpu_module *module = entry ? entry(OAC_GPU_ABI) : NULL;
    if (!module)
        snprintf(message, sizeof message, "%s is of another version of gr-oaconv", path);
    return module;
}

static const struct gpu_module *open_at(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library)
        return ask_for_module(library, path);
    const char *error = dlerror();
    snprintf(message, sizeof message, "%s", error ? error : "dlopen failed");
    return NULL;
}

static const struct gpu_module *find(void)
{
    char beside[4096];
    const char *named = oac_environment_secure("OACONV_CUDA_MODULE");
    if (named)
        return open_at(named);
    if (path_beside_us(beside, sizeof beside) && !access(beside, F_OK))
        return open_at(beside);
    const struct gpu_module *module = open_at(file_name);
    const size_t n = strlen(file_name); /* not a library that the module needs */
    if (!module && !strncmp(message, file_name, n) && strstr(message + n, "No such file"))
        snprintf(message, sizeof message, "the GPU module, %s, is not installed", file_name);
    return module;
}

void oac_gpu_module_forked(void)
{
    is_lost = is_lost || opened;
}

bool oac_gpu_module_lost(void)
{
    return is_lost;
}

const struct gpu_module *oac_gpu_module_open(const char **reason)
{
    if (is_lost) {
        *reason = "CUDA was started before fork(): a child cannot use it";
        return NULL;
    }
    oac_process_lock(OAC_LOCK_GPU_MODULE);
    if (!opened)
        opened = find();
    const struct gpu_module *module = opened;
    oac_process_unlock(OAC_LOCK_GPU_MODULE);
    *reason = module ? "" : message;
    return module;
}
