/* SPDX-License-Identifier: GPL-3.0-or-later
 * A signal sent through a filter in calls of all lengths, with changes of taps on the way. */
#ifndef SELFTEST_STREAM_H
#define SELFTEST_STREAM_H

#include "oracle.h"

enum { MOST_CALLS = 16 };

/* What is sent. */
struct stream {
    oaconv_type type;
    size_t decimation, hop, batch; /* as in oaconv_config */
    struct signal x;
    size_t n_calls, calls[MOST_CALLS]; /* samples of each; their sum is x.n */
    size_t n_epochs;
    struct epoch epochs[MOST_EPOCHS]; /* each begins with a call */
};

/* By whom. */
struct path {
    const char *backend; /* "cpu" or "gpu" */
    int device;
};

/* What came back. */
struct result {
    char failure[512]; /* "" where nothing went wrong */
    struct signal y;
    size_t n_fft[MOST_EPOCHS];
};

/* The configuration of a filter for a stream's first taps. */
void stream_config(const struct stream *stream, const struct path *path, oaconv_config *config);

/* Filters all of it, tail included: `length` samples per channel must come. A GPU that was lost on
 * the way is a failure. */
void stream_filter(const struct stream *stream,
                   const struct path *path,
                   size_t length,
                   struct result *result);
void result_free(struct result *result);

#endif
