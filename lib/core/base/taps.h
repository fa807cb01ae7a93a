/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checked rows of taps, equal rows found once. */
#ifndef OAC_TAPS_H
#define OAC_TAPS_H

#include "base/element.h"

/* A view: the rows belong to the caller; or a copy. */
struct taps {
    oaconv_type type;
    oaconv_precision precision;
    size_t n_channels;
    size_t longest;         /* P */
    size_t n_distinct;      /* rows that differ from all before them */
    const oaconv_row **row; /* [n_distinct] */
    size_t *row_of;         /* [n_channels], which of them serves channel m */
    /* Of a copy only: what row points to, and what that points to. */
    oaconv_row *own_rows;
    char *own_taps;
};

/* OAC_OK; OAC_ERR_ARG or OAC_ERR_TOO_LARGE when the rows are refused; OAC_ERR_NO_MEMORY. */
oaconv_status oac_taps_init(struct taps *taps,
                            oaconv_type type,
                            oaconv_precision precision,
                            size_t n_channels,
                            const oaconv_row *rows,
                            size_t n_rows);

/* A copy that needs no rows of the caller. OAC_OK; OAC_ERR_NO_MEMORY. */
oaconv_status oac_taps_copy(struct taps *to, const struct taps *from);

void oac_taps_free(struct taps *taps);

#endif
