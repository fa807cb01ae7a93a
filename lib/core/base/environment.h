/* SPDX-License-Identifier: GPL-3.0-or-later
 * Environment variables, what they fill in where an argument leaves it open, and numbers as text.
 * No other file of the engine reads the environment. */
#ifndef OAC_ENVIRONMENT_H
#define OAC_ENVIRONMENT_H

#include "oaconv/oaconv.h"

/* The value of a variable; NULL where it is not set or empty. */
const char *oac_environment(const char *variable);

/* The same; also NULL in a program that runs with more rights than its user has. */
const char *oac_environment_secure(const char *variable);

/* Reads a number with a decimal point, in every locale. Returns what comes after it; NULL where
 * text does not begin with a number. */
const char *oac_parse_number(const char *text, double *value);

struct c_locale {
    void *before, *c;
};

/* This thread reads and writes numbers as C does until the second call. */
struct c_locale oac_use_c_locale(void);
void oac_use_locale_again(const struct c_locale *locale);

/* The backend that is wanted: the argument, unless that is NULL or "auto" and OACONV_BACKEND says
 * more. */
const char *oac_wanted_backend(const char *argument);

/* The device that is wanted: the argument, or OACONV_DEVICE where it is -1, or 0. OAC_OK;
 * OAC_ERR_ARG for what is no number of a device. */
oaconv_status oac_wanted_device(int argument, int *device);

/* Seconds that a GPU may be silent: OACONV_GPU_TIMEOUT, or 10. OAC_OK; OAC_ERR_ARG. */
oaconv_status oac_gpu_timeout(double *seconds);

#endif
