/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reports say about a GPU: for oaconv-selftest and the tests, not installed. */
#ifndef OACONV_PRIVATE_GPU_REPORT_H
#define OACONV_PRIVATE_GPU_REPORT_H

#include <oaconv/oaconv.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A GPU and its software. */
typedef struct oaconv_gpu {
    char name[256];
    int capability[2];  /**< major, minor */
    int driver;         /**< version of CUDA that the driver knows: 1000 major + 10 minor */
    int runtime;        /**< of the CUDA runtime, likewise */
    int cufft;          /**< of cuFFT, as cufftGetVersion() gives it */
    size_t memory;      /**< bytes */
    size_t free_memory; /**< bytes */
    size_t cache;       /**< bytes of its L2 cache */
} oaconv_gpu;

/** Describes a GPU.
 * @param device  counted from 0; -1 as in oaconv_config.
 * @return OAC_OK; OAC_ERR_BACKEND no module, driver, or such GPU. Any thread. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_gpu_describe(int device, oaconv_gpu *gpu);

/** Samples per second, of all channels together, that the parts of the GPU path can take. */
typedef struct oaconv_gpu_rates {
    double compute;   /**< transforms and products */
    double to_device; /**< copies to the GPU alone */
    double to_host;   /**< copies from the GPU alone */
    double both_ways; /**< copies both ways at the same time */
} oaconv_gpu_rates;

/** Measures the parts of the GPU path of a filter, for reports. Its stream is not touched.
 * @param seconds  for each part, 0 to 3600.
 * @return OAC_OK; OAC_ERR_ARG other seconds; OAC_ERR_BACKEND no GPU in use, or it
 *         failed and is lost. Working thread. */
OAC_EXPORT OAC_MUST_CHECK oaconv_status oaconv_gpu_measure(oaconv *filter,
                                                           double seconds,
                                                           oaconv_gpu_rates *rates);

#ifdef __cplusplus
}
#endif

#endif
