/* SPDX-License-Identifier: GPL-3.0-or-later
 * Elements: the real numbers that samples and taps consist of, float or double. */
#ifndef OAC_ELEMENT_H
#define OAC_ELEMENT_H

#include "oaconv/oaconv.h"

/* Elements per tap and per sample. */
static inline size_t oac_tap_width(oaconv_type type)
{
    return type == OAC_COMPLEX ? 2 : 1;
}
static inline size_t oac_sample_width(oaconv_type type)
{
    return type == OAC_REAL ? 1 : 2;
}

static inline size_t oac_element_bytes(oaconv_precision precision)
{
    return precision == OAC_DOUBLE ? sizeof(double) : sizeof(float);
}
static inline size_t oac_sample_bytes(oaconv_type type, oaconv_precision precision)
{
    return oac_sample_width(type) * oac_element_bytes(precision);
}

#endif
