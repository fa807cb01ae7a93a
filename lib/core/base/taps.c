/* SPDX-License-Identifier: GPL-3.0-or-later
 * Refuses wrong taps and finds equal rows. */
#include "base/taps.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

/* Element i of a row. */
static double element(const struct taps *taps, const oaconv_row *row, size_t i)
{
    return taps->precision == OAC_DOUBLE ? ((const double *)row->taps)[i]
                                         : (double)((const float *)row->taps)[i];
}

static oaconv_status check_row(const struct taps *taps, const oaconv_row *row, size_t m)
{
    const size_t width = oac_tap_width(taps->type);
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
        if (!isfinite(element(taps, row, i)))
            return oac_fail(OAC_ERR_ARG,
                            "taps row %zu, tap %zu is %s; taps must be finite",
                            m,
                            i / width,
                            isnan(element(taps, row, i)) ? "NaN" : "infinite");
    return OAC_OK;
}

static oaconv_status check_rows(const struct taps *taps, const oaconv_row *rows, size_t n_rows)
{
    const size_t n_channels = taps->n_channels;
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
        oaconv_status status = check_row(taps, &rows[m], m);
        if (status != OAC_OK)
            return status;
    }
    return OAC_OK;
}

static size_t row_bytes(const struct taps *taps, const oaconv_row *row)
{
    return row->n_taps * oac_tap_width(taps->type) * oac_element_bytes(taps->precision);
}

static bool equal_rows(const struct taps *taps, const oaconv_row *a, const oaconv_row *b)
{
    return a->n_taps == b->n_taps &&
           (a->taps == b->taps || !memcmp(a->taps, b->taps, row_bytes(taps, a)));
}

/* FNV-1a (Fowler, Noll, Vo) over the taps, four bytes at a time. */
static uint64_t hash_row(const struct taps *taps, const oaconv_row *row)
{
    const char *bytes = row->taps, *end = bytes + row_bytes(taps, row);
    uint64_t hash = 14695981039346656037u;
    for (uint32_t word; bytes < end; bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = (hash ^ word) * 1099511628211u;
    }
    return hash ^ hash >> 32;
}

/* The place in a table [n_slots], a power of two, of a row equal to this one, or where it belongs.
 * Slots hold 1 + an index into taps->row, or 0. */
static size_t
find_slot(const struct taps *taps, const size_t *slots, size_t n_slots, const oaconv_row *row)
{
    size_t i = (size_t)hash_row(taps, row) & (n_slots - 1);
    while (slots[i] && !equal_rows(taps, taps->row[slots[i] - 1], row))
        i = (i + 1) & (n_slots - 1);
    return i;
}

/* Fills row and row_of; false when memory is short. */
static bool find_distinct_rows(struct taps *taps, const oaconv_row *rows, size_t n_rows)
{
    size_t n_slots = 2;
    while (n_slots < 2 * n_rows)
        n_slots *= 2;
    size_t *slots = oac_alloc(n_slots, sizeof *slots);
    for (size_t m = 0; slots && m < n_rows; m++) {
        const size_t i = find_slot(taps, slots, n_slots, &rows[m]);
        if (!slots[i]) {
            taps->row[taps->n_distinct++] = &rows[m];
            slots[i] = taps->n_distinct;
        }
        taps->row_of[m] = slots[i] - 1;
        if (rows[m].n_taps > taps->longest)
            taps->longest = rows[m].n_taps;
    }
    oac_free(slots);
    return slots != NULL;
}

oaconv_status oac_taps_init(struct taps *taps,
                            oaconv_type type,
                            oaconv_precision precision,
                            size_t n_channels,
                            const oaconv_row *rows,
                            size_t n_rows)
{
    *taps = (struct taps){.type = type, .precision = precision, .n_channels = n_channels};
    oaconv_status status = check_rows(taps, rows, n_rows);
    if (status != OAC_OK)
        return status;
    taps->row = oac_alloc(n_rows, sizeof *taps->row);
    taps->row_of = oac_alloc(n_channels, sizeof *taps->row_of);
    if (!taps->row || !taps->row_of || !find_distinct_rows(taps, rows, n_rows)) {
        oac_taps_free(taps);
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory for %zu rows of taps", n_rows);
    }
    return OAC_OK;
}

/* Room for the rows of `from`; false when memory is short. */
static bool alloc_copy(struct taps *to, const struct taps *from)
{
    size_t n_bytes = 0;
    for (size_t i = 0; i < from->n_distinct; i++)
        n_bytes += row_bytes(from, from->row[i]);
    to->row = oac_alloc(from->n_distinct, sizeof *to->row);
    to->row_of = oac_alloc(from->n_channels, sizeof *to->row_of);
    to->own_rows = oac_alloc(from->n_distinct, sizeof *to->own_rows);
    to->own_taps = oac_alloc(n_bytes, 1);
    return to->row && to->row_of && to->own_rows && to->own_taps;
}

oaconv_status oac_taps_copy(struct taps *to, const struct taps *from)
{
    *to = *from;
    if (!alloc_copy(to, from)) {
        oac_taps_free(to);
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory for %zu rows of taps", from->n_distinct);
    }
    memcpy(to->row_of, from->row_of, from->n_channels * sizeof *to->row_of);
    char *copied = to->own_taps;
    for (size_t i = 0; i < from->n_distinct; i++) {
        const oaconv_row *row = from->row[i];
        memcpy(copied, row->taps, row_bytes(from, row));
        to->own_rows[i] = (oaconv_row){copied, row->n_taps};
        to->row[i] = &to->own_rows[i];
        copied += row_bytes(from, row);
    }
    return OAC_OK;
}

void oac_taps_free(struct taps *taps)
{
    oac_free(taps->row);
    oac_free(taps->row_of);
    oac_free(taps->own_rows);
    oac_free(taps->own_taps);
    *taps = (struct taps){0};
}
