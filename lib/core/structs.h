/* SPDX-License-Identifier: GPL-3.0-or-later
 * The public structs of programs that were compiled with another version of the header, whose
 * structs end earlier or later: `struct_size`, their first field, tells where. */
#ifndef OAC_STRUCTS_H
#define OAC_STRUCTS_H

#include "oaconv/oaconv.h"

/* The config of the caller as this version knows it: fields that the caller's struct has not are
 * those of oaconv_config_init(). Refuses a config that was not filled in, and fields that only a
 * later version knows unless they are 0. */
oaconv_status oac_read_config(oaconv_config *known, const oaconv_config *config);

/* Fills in every field but struct_size. */
void oac_describe(const oaconv *filter, oaconv_info *info);

#endif
