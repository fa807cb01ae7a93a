/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the GPU module. */
#ifndef OAC_GPU_LOADER_H
#define OAC_GPU_LOADER_H

#include "gpu_module.h"

/* The module, opened at the first call that finds it and never closed; or NULL, and *reason, of
 * this thread's until its next call, says why. Any thread. */
const struct gpu_module *oac_gpu_module_open(const char **reason);

#endif
