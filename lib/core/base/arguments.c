/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of what callers hand in. */
#include "base/arguments.h"

#include "base/error.h"

#include <stdint.h>

oaconv_status
oac_check_pointers(size_t n_channels, const void *const *in, void *const *out, const char *call)
{
    if (!in || !out)
        return oac_fail(OAC_ERR_ARG, "%s: null pointer", call);
    for (size_t m = 0; m < n_channels; m++)
        if (!in[m] || !out[m])
            return oac_fail(OAC_ERR_ARG, "%s: channel %zu is a null pointer", call, m);
    return OAC_OK;
}

oaconv_status oac_check_length(size_t n, size_t sample_bytes, const char *call)
{
    if (n > (size_t)PTRDIFF_MAX / sample_bytes)
        return oac_fail(OAC_ERR_TOO_LARGE, "%s: no memory holds rows of %zu samples", call, n);
    return OAC_OK;
}
