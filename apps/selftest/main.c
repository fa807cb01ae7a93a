/* SPDX-License-Identifier: GPL-3.0-or-later
 * Checks liboaconv on this machine: oaconv-selftest --help. */
#include "grid.h"
#include "opening.h"
#include "options.h"
#include "report.h"
#include "throughput.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a GPU cannot be described because there is none that CUDA could use, rather than because
 * something is broken. */
static bool is_absence(const char *failure)
{
    /* cudaErrorStubLibrary, -InsufficientDriver, -DevicesUnavailable, -NoDevice */
    static const int absent[] = {34, 35, 46, 100};
    const char *code = strstr(failure, " -> ");
    if (!code)
        return true; /* no call failed: no module, or no such device */
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        if (atoi(code + 4) == absent[i])
            return true;
    return false;
}

static void skip(const struct report *report, const char *reason)
{
    if (report->options.json)
        report_print_json_skip(reason);
    fprintf(report->options.json ? stderr : stdout, "skipped: no GPU: %s\n", reason);
    exit(EXIT_SKIP);
}

/* Ends the process where the GPU asked for is not there. */
static void find_gpu(struct report *report)
{
    const oaconv_status status = oaconv_gpu_describe(report->options.device, &report->gpu);
    if (status == OAC_OK)
        return;
    const char *reason = oaconv_last_error();
    if (status == OAC_ERR_ARG) {
        fprintf(stderr, "oaconv-selftest: %s\n", reason);
        exit(EXIT_USAGE);
    }
    if (is_absence(reason))
        skip(report, reason);
    struct check *check = report_begin(report, "finding the GPU");
    check_fail(check, "%s", reason);
    report_end(report, check);
}

static void check_everything(struct report *report)
{
    if (!report->options.json)
        report_print_head(report);
    if (report->options.gpu)
        check_opening(report);
    check_grid(report, OAC_REAL);
    check_grid(report, OAC_COMPLEX_REAL_TAPS);
    check_grid(report, OAC_COMPLEX);
    check_tap_changes(report);
    if (report->options.gpu)
        check_refusal(report);
    if (report->options.seconds > 0)
        check_throughput(report);
}

int main(int argc, char **argv)
{
    struct report report = {.begin = now()};
    options_read(&report.options, argc, argv);
    if (report.options.gpu)
        find_gpu(&report);
    if (report_passed(&report))
        check_everything(&report);
    if (report.options.json) {
        report_print_json(&report);
    } else {
        report_print_speeds(&report);
        report_print_verdict(&report);
    }
    return report_passed(&report) ? EXIT_PASS : EXIT_FAIL;
}
