/* SPDX-License-Identifier: GPL-3.0-or-later
 * Finds the GPU module. */
#ifndef OAC_GPU_LOADER_H
#define OAC_GPU_LOADER_H

#include "backends/gpu/gpu_module.h"

/* The module, opened at the first call that finds it and never closed; or NULL, and *reason, of
 * this thread's until its next call, says why. Any thread. */
const struct gpu_module *oac_gpu_module_open(const char **reason);

/* In a child of fork(): no module that the parent had opened may be called any more, as CUDA does
 * not survive it; none can be opened. Whether that is so here. */
void oac_gpu_module_forked(void);
bool oac_gpu_module_lost(void);

#endif
