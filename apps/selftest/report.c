/* SPDX-License-Identifier: GPL-3.0-or-later
 * What has been found out, as text. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "report.h"

#include "signals.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

static const double gib = 1 << 30, mib = 1 << 20;

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void report_print_head(const struct report *report)
{
    const oaconv_gpu *gpu = &report->gpu;
    printf("gr-oaconv %s, self-test of the %s path\n",
           oaconv_version(),
           report->options.gpu ? "GPU" : "CPU");
    if (report->options.gpu)
        printf("%s: compute capability %d.%d, %.1f GiB, %.1f free, L2 cache %.0f MiB\n"
               "CUDA %d.%d (driver), %d.%d (runtime), cuFFT %d.%d.%d\n",
               gpu->name,
               gpu->capability[0],
               gpu->capability[1],
               (double)gpu->memory / gib,
               (double)gpu->free_memory / gib,
               (double)gpu->cache / mib,
               gpu->driver / 1000,
               gpu->driver % 1000 / 10,
               gpu->runtime / 1000,
               gpu->runtime % 1000 / 10,
               gpu->cufft / 1000,
               gpu->cufft % 1000 / 100,
               gpu->cufft % 100);
    printf(
        "Errors are the largest found, in parts of eps log2(N) |h|_1 max|x|; at most 1 may be.\n\n"
        "%-20s %6s %7s %9s %9s %9s %6s\n",
        "",
        "",
        "filters",
        "GPU error",
        "CPU error",
        "GPU - CPU",
        "s");
    fflush(stdout);
}

struct check *report_begin(struct report *report, const char *name)
{
    struct check *check = &report->checks[report->n_checks++];
    *check = (struct check){.name = name, .seconds = -now()};
    return check;
}

static void print_error(double error)
{
    if (error > 0)
        printf(" %9.3f", error);
    else
        printf(" %9s", "");
}

void report_end(const struct report *report, struct check *check)
{
    check->seconds += now();
    if (report->options.json)
        return;
    printf("%-20s %6s %7zu", check->name, check->n_failed ? "FAIL" : "PASS", check->n_filters);
    print_error(check->gpu_error);
    print_error(check->cpu_error);
    print_error(check->difference);
    printf(" %6.1f\n", check->seconds);
    if (*check->note)
        printf("    %s\n", check->note);
    if (check->n_failed)
        printf("    %zu failed, the first: %s\n", check->n_failed, check->failure);
    fflush(stdout);
}

void check_fail(struct check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (check->n_failed++ == 0)
        vsnprintf(check->failure, sizeof check->failure, format, arguments);
    va_end(arguments);
}

bool report_passed(const struct report *report)
{
    for (size_t i = 0; i < report->n_checks; i++)
        if (report->checks[i].n_failed)
            return false;
    return true;
}

static void print_cpu_speed(const struct speed *speed)
{
    printf(" %.0f (%s, %zu thread%s) |",
           1e-6 * speed->cpu,
           speed->cpu_backend,
           speed->threads,
           speed->threads > 1 ? "s" : "");
}

static void print_gpu_speed(const struct speed *speed)
{
    printf(" %.0f |", 1e-6 * speed->gpu);
    print_cpu_speed(speed);
    printf(" %.2f | %zu | %.0f | %.0f | %.0f | %.0f |",
           speed->gpu / speed->cpu,
           speed->n_fft,
           1e-6 * speed->parts.compute,
           1e-6 * speed->parts.to_device,
           1e-6 * speed->parts.to_host,
           1e-6 * speed->parts.both_ways);
}

void report_print_speeds(const struct report *report)
{
    const bool gpu = report->options.gpu;
    if (report->n_speeds == 0)
        return;
    printf("\nMillions of samples per second, of all channels together, in calls of about %zu "
           "samples:\n\n"
           "| signal and taps, M, P |%s CPU |%s\n|---|%s---|%s\n",
           report->speeds[0].n,
           gpu ? " GPU |" : "",
           gpu ? " GPU / CPU | N | computing alone | copies to the GPU | from it | both ways |"
               : "",
           gpu ? "---|" : "",
           gpu ? "---|---|---|---|---|---|" : "");
    for (size_t i = 0; i < report->n_speeds; i++) {
        const struct speed *speed = &report->speeds[i];
        printf("| %s, %zu, %zu |", type_name(speed->type), speed->n_channels, speed->n_taps);
        if (gpu)
            print_gpu_speed(speed);
        else
            print_cpu_speed(speed);
        printf("\n");
    }
}

void report_print_verdict(const struct report *report)
{
    printf("\n%s after %.1f s\n", report_passed(report) ? "PASS" : "FAIL", now() - report->begin);
}
