/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random signals and taps. */
#ifndef SELFTEST_SIGNALS_H
#define SELFTEST_SIGNALS_H

#include <oaconv/oaconv.h>

/* Floats per sample and per tap. */
size_t sample_width(oaconv_type type);
size_t tap_width(oaconv_type type);

/* "real", "complex, real taps" or "complex"; static. */
const char *type_name(oaconv_type type);

/* Zeroed memory; ends the process where there is none. Free with free(). */
void *allocate(size_t count, size_t size);

/* Samples of M channels, each a row of n; complex ones are two floats. */
struct signal {
    size_t n_channels, n, width;
    float *samples; /* [M][n * width] */
    void **rows;    /* [M] */
};

void signal_init(struct signal *signal, oaconv_type type, size_t n_channels, size_t n);
void signal_free(struct signal *signal);

/* Pointers to sample t of every channel. */
void signal_at(const struct signal *signal, size_t t, void **rows);

/* Random numbers from -1 to 1, by Numerical Recipes' linear congruential generator. */
void fill_randomly(float *to, size_t n, uint32_t *random);

enum arrangement {
    ROWS_OF_ONE_LENGTH,
    ROWS_RAGGED, /* of all lengths down to one tap, and two of them equal */
    ROW_SHARED   /* one for all channels */
};

/* Rows of random taps, the longest of n_taps. */
struct taps {
    size_t n_rows;
    float *values;
    oaconv_row *rows; /* [n_rows] */
};

void taps_init(struct taps *taps,
               oaconv_type type,
               size_t n_channels,
               size_t n_taps,
               enum arrangement arrangement,
               uint32_t *random);
void taps_free(struct taps *taps);

/* The row of channel m. */
const oaconv_row *taps_row(const struct taps *taps, size_t m);

size_t taps_longest(const struct taps *taps);

#endif
