/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters of many shapes against the oracle, and the GPU path against the CPU's. */
#ifndef SELFTEST_GRID_H
#define SELFTEST_GRID_H

#include "report.h"

/* Numbers of channels, of taps, arrangements of rows, calls of all lengths. */
void check_grid(struct report *report, oaconv_type type);

/* Taps that change twice in mid-stream: to more, then to fewer. */
void check_tap_changes(struct report *report);

#endif
