/* SPDX-License-Identifier: GPL-3.0-or-later
 * Bodies for kernels that nvcc has compiled, which the double finds by name; without launches of
 * their own. */
#include "kernel_on_host.h"

#define oac_split body_of_split
#define oac_multiply body_of_multiply
#define oac_overlap_add body_of_overlap_add
#define oac_launch_split unused_launch_split
#define oac_launch_multiply unused_launch_multiply
#define oac_launch_overlap_add unused_launch_overlap_add
#include "kernels.cu"

/* By the names that nvcc's have, which the macro does not replace. */
FAKECUDA_KERNEL(oac_split)
FAKECUDA_KERNEL(oac_multiply)
FAKECUDA_KERNEL(oac_overlap_add)
