/* SPDX-License-Identifier: GPL-3.0-or-later
 * Environment variables, and numbers as text. */
#define _GNU_SOURCE /* secure_getenv */
#include "base/environment.h"

#include "base/error.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const double default_timeout = 10, longest_timeout = 3600; /* seconds */

/* ---- variables ---- */

static const char *unless_empty(const char *value)
{
    return value && *value ? value : NULL;
}

const char *oac_environment(const char *variable)
{
    return unless_empty(getenv(variable));
}

const char *oac_environment_secure(const char *variable)
{
    return unless_empty(secure_getenv(variable));
}

/* ---- numbers ---- */

struct c_locale oac_use_c_locale(void)
{
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (struct c_locale){.before = uselocale(c), .c = c};
}

void oac_use_locale_again(const struct c_locale *locale)
{
    uselocale(locale->before);
    if (locale->c)
        freelocale(locale->c);
}

const char *oac_parse_number(const char *text, double *value)
{
    char *end;
    const struct c_locale locale = oac_use_c_locale();
    *value = strtod(text, &end);
    oac_use_locale_again(&locale);
    return end == text ? NULL : end;
}

/* ---- what fills in for arguments ---- */

const char *oac_wanted_backend(const char *argument)
{
    const char *wanted = argument ? argument : "auto";
    const char *value = strcmp(wanted, "auto") ? NULL : oac_environment("OACONV_BACKEND");
    return value ? value : wanted;
}

oaconv_status oac_wanted_device(int argument, int *device)
{
    const char *value = oac_environment("OACONV_DEVICE");
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
    const char *value = oac_environment("OACONV_GPU_TIMEOUT");
    *seconds = default_timeout;
    if (!value)
        return OAC_OK;
    const char *end = oac_parse_number(value, seconds);
    if (!end || *end || !(*seconds > 0 && *seconds <= longest_timeout))
        return oac_fail(OAC_ERR_ARG,
                        "OACONV_GPU_TIMEOUT is \"%.32s\"; it must be seconds, more than 0 and at "
                        "most %.0f",
                        value,
                        longest_timeout);
    return OAC_OK;
}
