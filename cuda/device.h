/* SPDX-License-Identifier: GPL-3.0-or-later
 * Which GPUs there are, and what they are. */
#ifndef OAC_CUDA_DEVICE_H
#define OAC_CUDA_DEVICE_H

#include "backends/gpu/gpu_module.h"

/* NULL, or why the device cannot be used. */
const char *oac_cuda_probe(int device);
const char *oac_cuda_describe(int device, oaconv_gpu *gpu);

#endif
