/* SPDX-License-Identifier: GPL-3.0-or-later
 * The test kernels as C++; with BODIES_ONLY beside an object of nvcc's, which has the launchers. */
#include "kernel_on_host.h"

#ifdef BODIES_ONLY
#define test_scale body_of_scale
#define test_multiply body_of_multiply
#define test_last_thread body_of_last_thread
#define test_integers body_of_integers
#define launch_scale unused_launch_scale
#define launch_multiply unused_launch_multiply
#define launch_last_thread unused_launch_last_thread
#define launch_integers unused_launch_integers
#endif

#include "test_kernels.cu"

FAKECUDA_KERNEL(test_scale)
FAKECUDA_KERNEL(test_multiply)
FAKECUDA_KERNEL(test_last_thread)
FAKECUDA_KERNEL(test_integers)
