/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast filters are, after their answers have been verified. */
#ifndef SELFTEST_THROUGHPUT_H
#define SELFTEST_THROUGHPUT_H

#include "report.h"

/* From host memory to host memory, by the GPU path and the CPU's, and the parts of the former. */
void check_throughput(struct report *report);

#endif
