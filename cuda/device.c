/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which GPUs there are, and what they are. */
#include "device.h"

#include "check.h"

#include <stdio.h>

const char *oac_cuda_probe(int device)
{
    int n_devices = 0;
    TRY_CUDA(cudaGetDeviceCount(&n_devices));
    if (n_devices == 0)
        return oac_cuda_failure("there is no CUDA device");
    if (device < 0 || device >= n_devices)
        return oac_cuda_failure("there is no CUDA device %d, only 0 to %d", device, n_devices - 1);
    return NULL;
}

const char *oac_cuda_describe(int device, oaconv_gpu *gpu)
{
    struct cudaDeviceProp properties;
    *gpu = (oaconv_gpu){0};
    TRY(oac_cuda_probe(device));
    TRY(oac_cuda_enter(device));
    TRY_CUDA(cudaGetDeviceProperties(&properties, device));
    TRY_CUDA(cudaDriverGetVersion(&gpu->driver));
    TRY_CUDA(cudaRuntimeGetVersion(&gpu->runtime));
    TRY_CUDA(cudaMemGetInfo(&gpu->free_memory, &gpu->memory));
    TRY_CUFFT(cufftGetVersion(&gpu->cufft));
    snprintf(gpu->name, sizeof gpu->name, "%s", properties.name);
    gpu->capability[0] = properties.major;
    gpu->capability[1] = properties.minor;
    gpu->cache = (size_t)(properties.l2CacheSize > 0 ? properties.l2CacheSize : 0);
    return NULL;
}
