/* SPDX-License-Identifier: GPL-3.0-or-later
 * What has been found out, as text and as JSON. */
#ifndef SELFTEST_REPORT_H
#define SELFTEST_REPORT_H

#include "options.h"

#include <oaconv/private/gpu_report.h>

enum { MOST_CHECKS = 8, MOST_SPEEDS = 8 };

/* A group of filters that were tried. Errors are the largest found, each in parts of its bound,
 * eps log2(N) |h|_1 max|x|; 0 where nothing was compared. */
struct check {
    const char *name;
    size_t n_filters, n_failed;
    double gpu_error, cpu_error, difference; /* of GPU and CPU */
    double seconds;
    char note[256];
    char failure[640]; /* the first */
};

/* Samples per second of all channels together; 0 where it was not measured. */
struct speed {
    oaconv_type type;
    size_t n_channels, n_taps, n; /* n samples a call */
    char cpu_backend[16];
    size_t threads; /* of the CPU */
    size_t n_fft;   /* N of the GPU path */
    double cpu, gpu;
    oaconv_gpu_rates parts;
};

struct report {
    struct options options;
    oaconv_gpu gpu; /* with options.gpu */
    size_t n_checks, n_speeds;
    struct check checks[MOST_CHECKS];
    struct speed speeds[MOST_SPEEDS];
    double begin; /* by now() */
};

/* Seconds of a clock that only goes forward. */
double now(void);

/* Adds a group, which report_end() closes: in text it is printed there. */
struct check *report_begin(struct report *report, const char *name);
void report_end(const struct report *report, struct check *check);

/* Counts a filter that failed, and keeps the first reason. */
void check_fail(struct check *check, const char *format, ...);

bool report_passed(const struct report *report);

/* As text. */
void report_print_head(const struct report *report);
void report_print_speeds(const struct report *report);
void report_print_verdict(const struct report *report);

/* One JSON object. */
void report_print_json(const struct report *report);
/* The same where nothing could be tried. */
void report_print_json_skip(const char *reason);

#endif
