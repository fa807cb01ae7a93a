/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opening a GPU: what the module checks then, and what it must refuse. */
#include "opening.h"

#include "signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opens a filter of M channels with one row of taps. */
static oaconv_status open_filter(oaconv **filter,
                                 const struct report *report,
                                 oaconv_type type,
                                 size_t n_channels,
                                 const oaconv_row *row)
{
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = type;
    config.rows = row;
    config.n_rows = 1;
    config.n_channels = n_channels;
    config.backend = "gpu";
    config.device = report->options.device;
    return oaconv_create(filter, &config);
}

static void open_small(struct check *check, const struct report *report, oaconv_type type)
{
    uint32_t random = 1;
    struct taps taps;
    oaconv *filter;
    taps_init(&taps, type, 8, 1000, ROW_SHARED, &random);
    check->n_filters++;
    if (open_filter(&filter, report, type, 8, taps.rows) != OAC_OK) {
        check_fail(check, "%s: %s", type_name(type), oaconv_last_error());
    } else {
        oaconv_info info;
        oaconv_get_info(filter, &info);
        if (strcmp(info.backend, "cuda"))
            check_fail(check, "%s: %s filters instead", type_name(type), info.backend);
    }
    oaconv_destroy(filter);
    taps_free(&taps);
}

void check_opening(struct report *report)
{
    struct check *check = report_begin(report, "opening checks");
    snprintf(check->note,
             sizeof check->note,
             "every filter, when it is opened: impulses come back as its taps, and the padding is "
             "still zero after R2C");
    open_small(check, report, OAC_REAL);
    open_small(check, report, OAC_COMPLEX_REAL_TAPS);
    open_small(check, report, OAC_COMPLEX);
    report_end(report, check);
}

/* Taps such that what one call must give back for M channels is more than all free memory. */
static size_t too_many_taps(size_t free_memory, size_t n_channels)
{
    return free_memory / (n_channels * sizeof(float)) + 1;
}

void check_refusal(struct report *report)
{
    const size_t n_channels = 4096, n_taps = too_many_taps(report->gpu.free_memory, n_channels);
    const oaconv_row row = {allocate(n_taps, sizeof(float)), n_taps};
    struct check *check = report_begin(report, "too much memory");
    oaconv *filter;
    check->n_filters++;
    const oaconv_status status = open_filter(&filter, report, OAC_REAL, n_channels, &row);
    if (status == OAC_OK)
        check_fail(check, "%zu channels of %zu taps were not refused", n_channels, n_taps);
    else if (!strstr(oaconv_last_error(), "memory"))
        check_fail(check, "refused for another reason: %s", oaconv_last_error());
    else
        snprintf(check->note,
                 sizeof check->note,
                 "%zu channels of %zu taps are refused: %s",
                 n_channels,
                 n_taps,
                 oaconv_last_error());
    oaconv_destroy(filter);
    free((void *)row.taps);
    open_small(check, report, OAC_REAL);
    report_end(report, check);
}
