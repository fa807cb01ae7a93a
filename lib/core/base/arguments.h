/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of what callers hand in. */
#ifndef OAC_ARGUMENTS_H
#define OAC_ARGUMENTS_H

#include "oaconv/oaconv.h"

/* OAC_OK; OAC_ERR_ARG, and a message that begins with the name of the call, where one of the M
 * pointers of either side is null. */
oaconv_status
oac_check_pointers(size_t n_channels, const void *const *in, void *const *out, const char *call);

/* OAC_OK; OAC_ERR_TOO_LARGE, and such a message, where no address space has n samples in a row. */
oaconv_status oac_check_length(size_t n, size_t sample_bytes, const char *call);

#endif
