/* SPDX-License-Identifier: GPL-3.0-or-later
 * Environment variables that are read whenever a filter is made. */
#include "base/environment.h"

#include "base/c_locale.h"
#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const double default_timeout = 10, longest_timeout = 3600; /* seconds */

/* The value of a variable, NULL where it is not set or empty. */
static const char *value_of(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

const char *oac_wanted_backend(const char *argument)
{
    const char *wanted = argument ? argument : "auto";
    const char *value = strcmp(wanted, "auto") ? NULL : value_of("OACONV_BACKEND");
    return value ? value : wanted;
}

oaconv_status oac_wanted_device(int argument, int *device)
{
    const char *value = value_of("OACONV_DEVICE");
    *device = argument;
    if (argument >= 0)
        return OAC_OK;
    *device = 0;
    if (!value)
        return OAC_OK;
    char *end;
    errno = 0;
    const long number = strtol(value, &end, 10);
    if (*end || errno || number < 0 || number > INT_MAX)
        return oac_fail(
            OAC_ERR_ARG, "OACONV_DEVICE is \"%.32s\"; it must be the number of a GPU", value);
    *device = (int)number;
    return OAC_OK;
}

oaconv_status oac_gpu_timeout(double *seconds)
{
    const char *value = value_of("OACONV_GPU_TIMEOUT");
    *seconds = default_timeout;
    if (!value)
        return OAC_OK;
    char *end;
    const struct c_locale locale = oac_use_c_locale();
    *seconds = strtod(value, &end);
    oac_use_locale_again(&locale);
    if (*end || !(*seconds > 0 && *seconds <= longest_timeout))
        return oac_fail(OAC_ERR_ARG,
                        "OACONV_GPU_TIMEOUT is \"%.32s\"; it must be seconds, more than 0 and at "
                        "most %.0f",
                        value,
                        longest_timeout);
    return OAC_OK;
}
