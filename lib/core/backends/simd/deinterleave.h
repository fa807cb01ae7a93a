/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples sorted by polyphase branch. */
#ifndef OAC_DEINTERLEAVE_H
#define OAC_DEINTERLEAVE_H

#include <stddef.h>

/* Deinterleaves n samples of `width` floats, 1 or 2, into D columns: sample c + D r of `from`
 * becomes sample r of column c, which begins at to + c * pitch. */
void oac_deinterleave(const float *from, size_t n, size_t D, size_t width, float *to, size_t pitch);

#endif
