/* SPDX-License-Identifier: GPL-3.0-or-later
 * How fast filters are, after their answers have been verified. */
#include "throughput.h"

#include "oracle.h"
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t call_length = 16384;

/* A filter to measure: samples in, room for as many, and seconds for each measurement. */
struct bench {
    struct stream stream;
    struct signal y;
    double seconds;
};

static void bench_init(struct bench *bench, const struct speed *speed, double seconds)
{
    uint32_t random = 1;
    struct stream *stream = &bench->stream;
    *bench = (struct bench){.seconds = seconds};
    *stream = (struct stream){.type = speed->type, .decimation = 1, .n_epochs = 1};
    signal_init(&stream->x, speed->type, speed->n_channels, call_length);
    signal_init(&bench->y, speed->type, speed->n_channels, call_length);
    fill_randomly(stream->x.samples, speed->n_channels * call_length * stream->x.width, &random);
    taps_init(&stream->epochs[0].taps,
              speed->type,
              speed->n_channels,
              speed->n_taps,
              ROWS_OF_ONE_LENGTH,
              &random);
}

static void bench_free(struct bench *bench)
{
    signal_free(&bench->stream.x);
    signal_free(&bench->y);
    taps_free(&bench->stream.epochs[0].taps);
}

/* The first and the last channel, n samples of each. */
static void copy_ends(const struct signal *from, struct signal *to, oaconv_type type, size_t n)
{
    const size_t last = from->n_channels - 1;
    signal_init(to, type, 2, n);
    memcpy(to->rows[0], from->rows[0], n * from->width * sizeof(float));
    memcpy(to->rows[1], from->rows[last], n * from->width * sizeof(float));
}

/* The largest error of the first call, of its first and last channel, in parts of its bound. */
static double verify(const struct bench *bench, size_t n, size_t n_fft)
{
    const struct stream *stream = &bench->stream;
    const struct taps *taps = &stream->epochs[0].taps;
    oaconv_row rows[2] = {taps->rows[0], taps->rows[taps->n_rows - 1]};
    const struct epoch ends = {.taps = {.n_rows = 2, .rows = rows}};
    struct signal x, y;
    struct answer answer;
    copy_ends(&stream->x, &x, stream->type, n);
    copy_ends(&bench->y, &y, stream->type, n);
    answer_init(&answer, stream->type, &x, &ends, 1);
    const double error = answer_compare(&answer, &y, n, &n_fft);
    answer_free(&answer);
    signal_free(&x);
    signal_free(&y);
    return error;
}

/* Samples per second of all channels; 0 on failure. */
static double measure(struct check *check, oaconv *filter, struct bench *bench, size_t n)
{
    const struct signal *x = &bench->stream.x;
    const double begin = now();
    double elapsed, n_calls = 0;
    do {
        if (oaconv_process(filter, (const void *const *)x->rows, bench->y.rows, n) != OAC_OK) {
            check_fail(check, "%s", oaconv_last_error());
            return 0;
        }
        n_calls++;
        elapsed = now() - begin;
    } while (elapsed < bench->seconds);
    return n_calls * (double)n * (double)x->n_channels / elapsed;
}

static size_t whole_hops(size_t hop)
{
    return call_length > hop ? call_length - call_length % hop : hop;
}

/* Verifies the first call, then measures; fills what is the path's of `speed`. */
static void measure_filter(
    struct check *check, struct bench *bench, oaconv *filter, struct speed *speed, bool gpu)
{
    oaconv_info info;
    const struct signal *x = &bench->stream.x;
    oaconv_get_info(filter, &info);
    const size_t n = speed->n = whole_hops(info.hop);
    if (oaconv_process(filter, (const void *const *)x->rows, bench->y.rows, n) != OAC_OK) {
        check_fail(check, "%s", oaconv_last_error());
        return;
    }
    double *error = gpu ? &check->gpu_error : &check->cpu_error;
    const double found = verify(bench, n, info.n_fft);
    if (!(found <= *error))
        *error = found;
    if (found > 1)
        check_fail(check, "the error is %.3g times its bound", found);
    *(gpu ? &speed->gpu : &speed->cpu) = measure(check, filter, bench, n);
    if (gpu && oaconv_gpu_measure(filter, bench->seconds, &speed->parts) != OAC_OK)
        check_fail(check, "%s", oaconv_last_error());
    oaconv_get_info(filter, &info);
    if (info.gpu_losses > 0)
        check_fail(check, "%s", info.reason);
    if (gpu) {
        speed->n_fft = info.n_fft;
    } else {
        speed->threads = info.threads;
        snprintf(speed->cpu_backend, sizeof speed->cpu_backend, "%s", info.backend);
    }
}

static void
measure_path(struct check *check, struct bench *bench, const struct path *path, struct speed *speed)
{
    oaconv_config config;
    oaconv *filter;
    stream_config(&bench->stream, path, &config);
    check->n_filters++;
    if (oaconv_create(&filter, &config) != OAC_OK)
        check_fail(check, "%s", oaconv_last_error());
    else
        measure_filter(check, bench, filter, speed, !strcmp(path->backend, "gpu"));
    oaconv_destroy(filter);
}

void check_throughput(struct report *report)
{
    static const oaconv_type types[] = {OAC_REAL, OAC_COMPLEX};
    static const size_t channels[] = {16, 64}, taps[] = {64, 1024};
    const size_t n_channels = report->options.quick ? 1 : 2, n_speeds = 4 * n_channels;
    const struct path cpu = {"cpu", -1}, gpu = {"gpu", report->options.device};
    const size_t n_parts = report->options.gpu ? 6 : 1; /* both paths, and four of the GPU's */
    const double seconds = report->options.seconds / (double)(n_speeds * n_parts);
    struct check *check = report_begin(report, "throughput");
    for (size_t i = 0; i < n_speeds; i++) {
        struct bench bench;
        struct speed *speed = &report->speeds[report->n_speeds++];
        *speed = (struct speed){.type = types[i / (2 * n_channels)],
                                .n_channels = channels[i / 2 % n_channels],
                                .n_taps = taps[i % 2]};
        bench_init(&bench, speed, seconds);
        if (report->options.gpu)
            measure_path(check, &bench, &gpu, speed);
        measure_path(check, &bench, &cpu, speed);
        bench_free(&bench);
    }
    report_end(report, check);
}
