/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the library is and what it knows, without a filter. */
#include "oaconv/oaconv.h"

#include "backends/backend.h"
#include "version.h"

const char *oaconv_version(void)
{
    return OAC_VERSION;
}

size_t oaconv_backend_count(void)
{
    return oac_backend_count();
}

const char *oaconv_backend_name(size_t i)
{
    const struct backend *backend = oac_backend_get(i);
    return backend ? backend->name : NULL;
}

bool oaconv_backend_usable(size_t i, const char **reason)
{
    const struct backend *backend = oac_backend_get(i);
    const char *why = "no such backend";
    const bool usable = backend && backend->usable(&why);
    if (reason)
        *reason = why;
    return usable;
}
