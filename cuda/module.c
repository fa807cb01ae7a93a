/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one door of the module. */
#include "device.h"
#include "filter.h"

#if defined(__GNUC__)
#define EXPORT __attribute__((visibility("default")))
#else
#define EXPORT
#endif

EXPORT gpu_module_entry oaconv_gpu_module;

const struct gpu_module *oaconv_gpu_module(unsigned abi)
{
    static const struct gpu_module module = {.probe = oac_cuda_probe,
                                             .describe = oac_cuda_describe,
                                             .open = oac_cuda_open,
                                             .facts = oac_cuda_facts,
                                             .run = oac_cuda_run,
                                             .measure = oac_cuda_measure,
                                             .close = oac_cuda_close};
    return abi == OAC_GPU_ABI ? &module : NULL;
}
