/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines for the caller's log. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

void oac_log(const struct log *log, oaconv_log_level level, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (log->function)
        log->function(log->context, level, line);
    else if (level == OAC_LOG_ERROR)
        fprintf(stderr, "oaconv: %s\n", line);
}
