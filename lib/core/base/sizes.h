/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arithmetic of sizes; sums must not overflow. */
#ifndef OAC_SIZES_H
#define OAC_SIZES_H

#include <stddef.h>

static inline size_t oac_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t oac_most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline size_t oac_divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

#endif
