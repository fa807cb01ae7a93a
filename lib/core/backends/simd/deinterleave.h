/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples dealt out to polyphase branches. */
#ifndef OAC_DEINTERLEAVE_H
#define OAC_DEINTERLEAVE_H

#include <stddef.h>

/* Deals n samples of `width` floats, 1 or 2, out to D columns: sample c + D r of `from` becomes
 * sample r of column c, which begins at to + c * pitch. */
void oac_deal(const float *from, size_t n, size_t D, size_t width, float *to, size_t pitch);

#endif
