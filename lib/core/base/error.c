/* SPDX-License-Identifier: GPL-3.0-or-later
 * Statuses in words, and the last message of each thread. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_message[256];

oaconv_status oac_fail(oaconv_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(last_message, sizeof last_message, format, arguments);
    va_end(arguments);
    return status;
}

const char *oaconv_last_error(void)
{
    return last_message;
}

const char *oaconv_strerror(oaconv_status status)
{
    switch (status) {
    case OAC_OK:
        return "no error";
    case OAC_ERR_ARG:
        return "wrong argument";
    case OAC_ERR_NO_MEMORY:
        return "out of memory";
    case OAC_ERR_TOO_LARGE:
        return "too large";
    case OAC_ERR_BACKEND:
        return "backend cannot run";
    }
    return "unknown status";
}
