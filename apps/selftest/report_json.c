/* SPDX-License-Identifier: GPL-3.0-or-later
 * What has been found out, as JSON. */
#include "report.h"

#include "signals.h"

#include <math.h>
#include <stdio.h>

static void print_string(const char *text)
{
    putchar('"');
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < ' ')
            printf("\\u%04x", (unsigned)*text);
        else
            putchar(*text);
    putchar('"');
}

/* Members; each ends with a comma unless it is the last. */
static void member(const char *name, bool last, double value)
{
    printf("\"%s\": ", name);
    if (isfinite(value))
        printf("%.17g", value);
    else
        printf("null");
    printf("%s", last ? "" : ", ");
}

static void text_member(const char *name, const char *value)
{
    printf("\"%s\": ", name);
    print_string(value);
    printf(", ");
}

static void print_gpu(const oaconv_gpu *gpu)
{
    printf("  \"gpu\": {");
    text_member("name", gpu->name);
    printf("\"capability\": [%d, %d], ", gpu->capability[0], gpu->capability[1]);
    member("driver", false, gpu->driver);
    member("runtime", false, gpu->runtime);
    member("cufft", false, gpu->cufft);
    member("memory", false, (double)gpu->memory);
    member("free_memory", false, (double)gpu->free_memory);
    member("cache", true, (double)gpu->cache);
    printf("},\n");
}

static void print_check(const struct check *check, bool last)
{
    printf("    {");
    text_member("name", check->name);
    printf("\"passed\": %s, ", check->n_failed ? "false" : "true");
    member("filters", false, (double)check->n_filters);
    member("failed", false, (double)check->n_failed);
    member("gpu_error", false, check->gpu_error);
    member("cpu_error", false, check->cpu_error);
    member("difference", false, check->difference);
    text_member("note", check->note);
    text_member("failure", check->failure);
    member("seconds", true, check->seconds);
    printf("}%s\n", last ? "" : ",");
}

static void print_speed(const struct speed *speed, bool last)
{
    printf("    {");
    text_member("type", type_name(speed->type));
    member("channels", false, (double)speed->n_channels);
    member("taps", false, (double)speed->n_taps);
    member("samples_per_call", false, (double)speed->n);
    text_member("cpu_backend", speed->cpu_backend);
    member("cpu_threads", false, (double)speed->threads);
    member("gpu_n_fft", false, (double)speed->n_fft);
    member("cpu", false, speed->cpu);
    member("gpu", false, speed->gpu);
    member("compute", false, speed->parts.compute);
    member("to_device", false, speed->parts.to_device);
    member("to_host", false, speed->parts.to_host);
    member("both_ways", true, speed->parts.both_ways);
    printf("}%s\n", last ? "" : ",");
}

void report_print_json(const struct report *report)
{
    printf("{\n  ");
    text_member("version", oaconv_version());
    text_member("verdict", report_passed(report) ? "PASS" : "FAIL");
    member("seconds", false, now() - report->begin);
    printf("\n");
    if (report->options.gpu)
        print_gpu(&report->gpu);
    printf("  \"checks\": [\n");
    for (size_t i = 0; i < report->n_checks; i++)
        print_check(&report->checks[i], i + 1 == report->n_checks);
    printf("  ],\n  \"samples_per_second\": [\n");
    for (size_t i = 0; i < report->n_speeds; i++)
        print_speed(&report->speeds[i], i + 1 == report->n_speeds);
    printf("  ]\n}\n");
}

void report_print_json_skip(const char *reason)
{
    printf("{");
    text_member("version", oaconv_version());
    printf("\"verdict\": \"SKIP\", \"reason\": ");
    print_string(reason);
    printf("}\n");
}
