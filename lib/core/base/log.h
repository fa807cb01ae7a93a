/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lines for the caller's log. */
#ifndef OAC_LOG_H
#define OAC_LOG_H

#include "oaconv/oaconv.h"

struct log {
    oaconv_log function; /* NULL: errors to stderr */
    void *context;
};

void oac_log(const struct log *log, oaconv_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
