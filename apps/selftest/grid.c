/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters of many shapes against the oracle, and the GPU path against the CPU's. */
#include "grid.h"

#include "stream.h"

#include <math.h>
#include <stdio.h>

/* A filter to try. */
struct shape {
    const char *label;
    size_t n_taps;     /* P */
    size_t decimation; /* D */
    size_t block; /* the usual call and the hop, which decide on L; 0: a usual block's choice */
    enum arrangement arrangement;
};

static const struct shape shapes[] = {
    {"P = 1", 1, 1, 0, ROWS_OF_ONE_LENGTH},
    {"P = 2", 2, 1, 0, ROWS_OF_ONE_LENGTH},
    {"P = 37", 37, 1, 0, ROWS_OF_ONE_LENGTH},
    {"P about L", 700, 1, 700, ROWS_OF_ONE_LENGTH},
    {"P > L", 1500, 1, 370, ROWS_OF_ONE_LENGTH},
    {"ragged rows", 130, 1, 0, ROWS_RAGGED},
    {"shared row", 37, 1, 0, ROW_SHARED},
    {"D = 2", 37, 2, 0, ROWS_OF_ONE_LENGTH},
    {"D = 3, P > L", 1500, 3, 369, ROWS_OF_ONE_LENGTH},
    {"D = 8, ragged rows", 130, 8, 0, ROWS_RAGGED},
    {"D > P", 37, 100, 0, ROWS_OF_ONE_LENGTH},
};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static const size_t channels[] = {1, 3, 17};

static void init_calls(struct stream *stream, size_t block)
{
    const size_t calls[] = {1, block, 5, 4 * block + 7, 2, block / 3 + 1, 3};
    size_t n = 0;
    stream->n_calls = sizeof calls / sizeof *calls;
    for (size_t i = 0; i < stream->n_calls; i++) {
        stream->calls[i] = calls[i];
        n += calls[i];
    }
    stream->x.n = n;
}

/* A random signal in calls around the length of a block, and random taps. */
static void stream_init(struct stream *stream,
                        const struct shape *shape,
                        oaconv_type type,
                        size_t n_channels,
                        bool quick)
{
    uint32_t random = 1;
    const size_t block = shape->block ? shape->block : quick ? 1024 : 16384;
    *stream = (struct stream){.type = type,
                              .decimation = shape->decimation,
                              .hop = shape->block,
                              .batch = block,
                              .n_epochs = 1};
    init_calls(stream, block);
    signal_init(&stream->x, type, n_channels, stream->x.n);
    fill_randomly(stream->x.samples, n_channels * stream->x.n * stream->x.width, &random);
    taps_init(
        &stream->epochs[0].taps, type, n_channels, shape->n_taps, shape->arrangement, &random);
}

/* Other taps from the beginning of a call on. */
static void
stream_add_change(struct stream *stream, size_t call, size_t n_taps, enum arrangement arrangement)
{
    uint32_t random = (uint32_t)n_taps;
    struct epoch *epoch = &stream->epochs[stream->n_epochs++];
    epoch->since = 0;
    for (size_t i = 0; i < call; i++)
        epoch->since += stream->calls[i];
    taps_init(&epoch->taps, stream->type, stream->x.n_channels, n_taps, arrangement, &random);
}

static void stream_free(struct stream *stream)
{
    signal_free(&stream->x);
    for (size_t i = 0; i < stream->n_epochs; i++)
        taps_free(&stream->epochs[i].taps);
}

/* One path against the oracle; why it failed, or "". */
static void try_path(const struct stream *stream,
                     const struct path *path,
                     const struct answer *answer,
                     struct result *result,
                     double *error)
{
    stream_filter(stream, path, answer->length, result);
    if (*result->failure)
        return;
    const double worst = answer_compare(answer, &result->y, answer->length, result->n_fft);
    *error = fmax(*error, worst);
    if (worst > 1)
        snprintf(
            result->failure, sizeof result->failure, "the error is %.3g times its bound", worst);
}

/* Both paths, or the CPU's alone. */
static void try_stream(struct check *check,
                       const struct report *report,
                       const struct stream *stream,
                       const char *label)
{
    const struct path cpu = {"cpu", -1}, gpu = {"gpu", report->options.device};
    const char *type = type_name(stream->type);
    const size_t M = stream->x.n_channels;
    struct answer answer;
    struct result by_cpu, by_gpu;
    answer_init(&answer, stream->type, &stream->x, stream->epochs, stream->n_epochs);
    answer_decimate(&answer, stream->decimation);
    check->n_filters++;
    try_path(stream, &cpu, &answer, &by_cpu, &check->cpu_error);
    if (*by_cpu.failure)
        check_fail(check, "CPU, %s, M = %zu, %s: %s", type, M, label, by_cpu.failure);
    if (report->options.gpu) {
        try_path(stream, &gpu, &answer, &by_gpu, &check->gpu_error);
        if (*by_gpu.failure)
            check_fail(check, "GPU, %s, M = %zu, %s: %s", type, M, label, by_gpu.failure);
        else if (!*by_cpu.failure)
            check->difference = fmax(
                check->difference,
                answer_compare_both(&answer, &by_gpu.y, by_gpu.n_fft, &by_cpu.y, by_cpu.n_fft));
        result_free(&by_gpu);
    }
    result_free(&by_cpu);
    answer_free(&answer);
}

void check_grid(struct report *report, oaconv_type type)
{
    const bool quick = report->options.quick;
    struct check *check = report_begin(report, type_name(type));
    for (size_t i = 0; i < sizeof channels / sizeof *channels - quick; i++)
        for (size_t k = 0; k < N_SHAPES; k++) {
            struct stream stream;
            if (channels[i] == 1 && shapes[k].arrangement != ROWS_OF_ONE_LENGTH)
                continue;
            stream_init(&stream, &shapes[k], type, channels[i], quick);
            try_stream(check, report, &stream, shapes[k].label);
            stream_free(&stream);
        }
    if (check->difference > 1)
        check_fail(check, "GPU and CPU differ by more than both errors may be");
    report_end(report, check);
}

void check_tap_changes(struct report *report)
{
    static const oaconv_type types[] = {OAC_REAL, OAC_COMPLEX_REAL_TAPS, OAC_COMPLEX};
    static const struct shape first[] = {
        {"taps change", 37, 1, 0, ROWS_OF_ONE_LENGTH},
        {"taps change, D = 8", 37, 8, 0, ROWS_OF_ONE_LENGTH},
    };
    enum { N_FIRST = sizeof first / sizeof *first };
    struct check *check = report_begin(report, "changes of taps");
    for (size_t i = 0; i < N_FIRST * (sizeof types / sizeof *types); i++) {
        const struct shape *shape = &first[i % N_FIRST];
        struct stream stream;
        stream_init(&stream, shape, types[i / N_FIRST], 3, report->options.quick);
        stream_add_change(&stream, 2, 300, ROWS_RAGGED);
        stream_add_change(&stream, 5, 5, ROW_SHARED);
        try_stream(check, report, &stream, shape->label);
        stream_free(&stream);
    }
    if (check->difference > 1)
        check_fail(check, "GPU and CPU differ by more than both errors may be");
    report_end(report, check);
}
