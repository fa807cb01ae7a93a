/* SPDX-License-Identifier: GPL-3.0-or-later
 * Refuses wrong taps and finds equal rows. */
#include "taps.h"

#include "error.h"
#include "memory.h"

#include <math.h>
#include <string.h>

static oaconv_status check_row(const oaconv_row *row, size_t m, size_t width)
{
    if (row->n_taps == 0)
        return oac_fail(OAC_ERR_ARG, "taps row %zu is empty", m);
    if (row->n_taps > OAC_MAX_TAPS)
        return oac_fail(OAC_ERR_TOO_LARGE,
                        "taps row %zu has %zu taps; at most %zu are possible",
                        m,
                        row->n_taps,
                        OAC_MAX_TAPS);
    if (!row->taps)
        return oac_fail(OAC_ERR_ARG, "taps row %zu is a null pointer", m);
    for (size_t i = 0; i < row->n_taps * width; i++)
        if (!isfinite(row->taps[i]))
            return oac_fail(OAC_ERR_ARG,
                            "taps row %zu, tap %zu is %s; taps must be finite",
                            m,
                            i / width,
                            isnan(row->taps[i]) ? "NaN" : "infinite");
    return OAC_OK;
}

static oaconv_status
check_rows(oaconv_type type, size_t n_channels, const oaconv_row *rows, size_t n_rows)
{
    if (n_rows == 0)
        return oac_fail(OAC_ERR_ARG, "no taps: there must be one row, or one for every channel");
    if (!rows)
        return oac_fail(OAC_ERR_ARG, "taps rows are a null pointer");
    if (n_channels > OAC_MAX_CHANNELS)
        return oac_fail(OAC_ERR_TOO_LARGE,
                        "%zu channels; at most %zu are possible",
                        n_channels,
                        OAC_MAX_CHANNELS);
    if (n_rows != 1 && n_rows != n_channels)
        return oac_fail(OAC_ERR_ARG,
                        "%zu rows of taps for %zu channels; there must be 1 or %zu",
                        n_rows,
                        n_channels,
                        n_channels);
    for (size_t m = 0; m < n_rows; m++) {
        oaconv_status status = check_row(&rows[m], m, oac_tap_width(type));
        if (status != OAC_OK)
            return status;
    }
    return OAC_OK;
}

static bool equal_rows(const oaconv_row *a, const oaconv_row *b, size_t width)
{
    return a->n_taps == b->n_taps &&
           (a->taps == b->taps || !memcmp(a->taps, b->taps, a->n_taps * width * sizeof(float)));
}

oaconv_status oac_taps_init(
    struct taps *taps, oaconv_type type, size_t n_channels, const oaconv_row *rows, size_t n_rows)
{
    *taps = (struct taps){.type = type, .n_channels = n_channels};
    oaconv_status status = check_rows(type, n_channels, rows, n_rows);
    if (status != OAC_OK)
        return status;
    taps->row = oac_alloc(n_rows, sizeof *taps->row);
    taps->row_of = oac_alloc(n_channels, sizeof *taps->row_of);
    if (!taps->row || !taps->row_of) {
        oac_taps_free(taps);
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory for %zu rows of taps", n_rows);
    }
    for (size_t m = 0; m < n_rows; m++) {
        size_t i = 0;
        while (i < taps->n_distinct && !equal_rows(taps->row[i], &rows[m], oac_tap_width(type)))
            i++;
        if (i == taps->n_distinct)
            taps->row[taps->n_distinct++] = &rows[m];
        taps->row_of[m] = i;
        if (rows[m].n_taps > taps->longest)
            taps->longest = rows[m].n_taps;
    }
    return OAC_OK;
}

void oac_taps_free(struct taps *taps)
{
    oac_free(taps->row);
    oac_free(taps->row_of);
    *taps = (struct taps){0};
}
