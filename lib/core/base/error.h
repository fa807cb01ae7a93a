/* SPDX-License-Identifier: GPL-3.0-or-later
 * The message that goes with a status. */
#ifndef OAC_ERROR_H
#define OAC_ERROR_H

#include "oaconv/oaconv.h"

/* Keeps the message for oaconv_last_error() of this thread, and returns status. */
oaconv_status oac_fail(oaconv_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
