/* SPDX-License-Identifier: GPL-3.0-or-later
 * The kernels of the GPU path as the double runs them. */
#include "kernel_on_host.h"

#include "kernels.cu"

FAKECUDA_KERNEL(oac_split)
FAKECUDA_KERNEL(oac_multiply)
FAKECUDA_KERNEL(oac_overlap_add)
