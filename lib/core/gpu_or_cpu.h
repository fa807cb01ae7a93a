/* SPDX-License-Identifier: GPL-3.0-or-later
 * GPU or CPU: which filters faster. */
#ifndef OAC_GPU_OR_CPU_H
#define OAC_GPU_OR_CPU_H

#include "tap_state.h"

/* How fast both filter calls of the usual size: samples of all channels per second. Both are empty
 * afterwards. OAC_OK; OAC_ERR_BACKEND or OAC_ERR_NO_MEMORY when that could not be found out. */
oaconv_status oac_gpu_or_cpu(const struct tap_state *state,
                             const struct setup *setup,
                             double *gpu_rate,
                             double *cpu_rate);

#endif
