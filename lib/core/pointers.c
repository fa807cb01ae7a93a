/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks of what callers hand in. */
#include "pointers.h"

#include "error.h"

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
