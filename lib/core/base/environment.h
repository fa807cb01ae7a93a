/* SPDX-License-Identifier: GPL-3.0-or-later
 * What environment variables fill in where an argument leaves it open. */
#ifndef OAC_ENVIRONMENT_H
#define OAC_ENVIRONMENT_H

#include "oaconv/oaconv.h"

/* The backend that is wanted: the argument, unless that is NULL or "auto" and OACONV_BACKEND says
 * more. */
const char *oac_wanted_backend(const char *argument);

/* The device that is wanted: the argument, or OACONV_DEVICE where it is -1, or 0. OAC_OK;
 * OAC_ERR_ARG for what is no number of a device. */
oaconv_status oac_wanted_device(int argument, int *device);

/* Seconds that a GPU may be silent: OACONV_GPU_TIMEOUT, or 10. OAC_OK; OAC_ERR_ARG. */
oaconv_status oac_gpu_timeout(double *seconds);

#endif
