/* SPDX-License-Identifier: GPL-3.0-or-later
 * Seeded random signals and taps. */
#include "signals.h"

#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t sample_width(oaconv_type type)
{
    return type == OAC_REAL ? 1 : 2;
}

size_t tap_width(oaconv_type type)
{
    return type == OAC_COMPLEX ? 2 : 1;
}

const char *type_name(oaconv_type type)
{
    return type == OAC_REAL ? "real" : type == OAC_COMPLEX ? "complex" : "complex, real taps";
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) {
        fputs("oaconv-selftest: out of memory\n", stderr);
        exit(EXIT_FAIL);
    }
    return memory;
}

void signal_init(struct signal *signal, oaconv_type type, size_t n_channels, size_t n)
{
    *signal = (struct signal){.n_channels = n_channels, .n = n, .width = sample_width(type)};
    signal->samples = allocate(n_channels * n * signal->width, sizeof *signal->samples);
    signal->rows = allocate(n_channels, sizeof *signal->rows);
    signal_at(signal, 0, signal->rows);
}

void signal_free(struct signal *signal)
{
    free(signal->samples);
    free(signal->rows);
}

void signal_at(const struct signal *signal, size_t t, void **rows)
{
    for (size_t m = 0; m < signal->n_channels; m++)
        rows[m] = signal->samples + (m * signal->n + t) * signal->width;
}

void fill_randomly(float *to, size_t n, uint32_t *random)
{
    for (size_t i = 0; i < n; i++) {
        *random = *random * 1664525u + 1013904223u;
        to[i] = (float)*random * 0x1p-31f - 1;
    }
}

static size_t row_length(size_t m, size_t n_taps, enum arrangement arrangement)
{
    return arrangement == ROWS_RAGGED && m > 0 ? 1 + (n_taps - 1) * (m - 1) / (m + 1) : n_taps;
}

void taps_init(struct taps *taps,
               oaconv_type type,
               size_t n_channels,
               size_t n_taps,
               enum arrangement arrangement,
               uint32_t *random)
{
    const size_t n_rows = arrangement == ROW_SHARED ? 1 : n_channels, width = tap_width(type);
    *taps = (struct taps){.n_rows = n_rows};
    taps->values = allocate(n_rows * n_taps * width, sizeof *taps->values);
    taps->rows = allocate(n_rows, sizeof *taps->rows);
    fill_randomly(taps->values, n_rows * n_taps * width, random);
    for (size_t m = 0; m < n_rows; m++)
        taps->rows[m] =
            (oaconv_row){taps->values + m * n_taps * width, row_length(m, n_taps, arrangement)};
    if (arrangement == ROWS_RAGGED)
        taps->rows[n_rows - 1] = taps->rows[0];
}

void taps_free(struct taps *taps)
{
    free(taps->values);
    free(taps->rows);
}

const oaconv_row *taps_row(const struct taps *taps, size_t m)
{
    return &taps->rows[taps->n_rows == 1 ? 0 : m];
}

size_t taps_longest(const struct taps *taps)
{
    size_t longest = 0;
    for (size_t m = 0; m < taps->n_rows; m++)
        if (taps->rows[m].n_taps > longest)
            longest = taps->rows[m].n_taps;
    return longest;
}
