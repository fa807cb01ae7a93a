/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a filter must give: the defining sum in double precision, and how far off it may be. */
#ifndef SELFTEST_ORACLE_H
#define SELFTEST_ORACLE_H

#include "signals.h"

enum { MOST_EPOCHS = 3 };

/* Taps in force from sample `since` on. */
struct epoch {
    size_t since;
    struct taps taps;
};

/* The exact answer to a signal, tail included. */
struct answer {
    size_t n_channels, width;
    size_t length; /* samples per channel */
    double *y;     /* [M][length * width] */
    size_t n_epochs;
    size_t begin[MOST_EPOCHS], end[MOST_EPOCHS]; /* of the samples that an epoch reaches */
    double *norm;                                /* [M][n_epochs] |h|_1 max|x| */
};

void answer_init(struct answer *answer,
                 oaconv_type type,
                 const struct signal *x,
                 const struct epoch *epochs,
                 size_t n_epochs);
/* Keeps every D-th sample of it. */
void answer_decimate(struct answer *answer, size_t decimation);
void answer_free(struct answer *answer);

/* The error allowed of sample t of channel m: eps log2(N) |h|_1 max|x|, summed over the epochs that
 * reach the sample.
 *   n_fft  [n_epochs]  N of the filter meanwhile; log2(N) = 1 where it is less than 2 */
double answer_bound(const struct answer *answer, size_t m, size_t t, const size_t *n_fft);

/* The largest ratio of an error of the first n samples and its bound, infinity for NaN. */
double
answer_compare(const struct answer *answer, const struct signal *y, size_t n, const size_t *n_fft);

/* As answer_compare(), of two filters; each may use up its bound. */
double answer_compare_both(const struct answer *answer,
                           const struct signal *a,
                           const size_t *a_n_fft,
                           const struct signal *b,
                           const size_t *b_n_fft);

#endif
