/* SPDX-License-Identifier: GPL-3.0-or-later
 * A signal sent through a filter in calls of all lengths, with changes of taps on the way. */
#include "stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A filter at work on a stream. */
struct run {
    const struct stream *stream;
    struct result *result;
    oaconv *filter;
    void **in, **out; /* [M] */
    size_t done;      /* samples per channel that were sent */
    size_t given;     /* and that came back */
};

/* Losses are found in oaconv_info, with their reason. */
static void ignore_log(void *context, oaconv_log_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

void stream_config(const struct stream *stream, const struct path *path, oaconv_config *config)
{
    oaconv_config_init(config);
    config->type = stream->type;
    config->rows = stream->epochs[0].taps.rows;
    config->n_rows = stream->epochs[0].taps.n_rows;
    config->n_channels = stream->x.n_channels;
    config->backend = path->backend;
    config->device = path->device;
    config->decimation = stream->decimation;
    config->hop = stream->hop;
    config->batch = stream->batch;
    config->log = ignore_log;
}

static bool succeeded(struct run *run, const char *what, oaconv_status status)
{
    if (status != OAC_OK)
        snprintf(run->result->failure,
                 sizeof run->result->failure,
                 "%s: %s: %s",
                 what,
                 oaconv_strerror(status),
                 oaconv_last_error());
    return status == OAC_OK;
}

/* n samples, any number of them: whole hops, and what is left. */
static bool send(struct run *run, size_t n)
{
    oaconv_info info;
    oaconv_get_info(run->filter, &info);
    const size_t pieces[] = {n - n % info.hop, n % info.hop};
    for (int i = 0; i < 2; i++) {
        if (pieces[i] == 0)
            continue;
        signal_at(&run->stream->x, run->done, run->in);
        signal_at(&run->result->y, run->given, run->out);
        const size_t kept = oaconv_output_length(run->filter, pieces[i]);
        const void *const *in = (const void *const *)run->in;
        const oaconv_status status = i == 0 ? oaconv_process(run->filter, in, run->out, pieces[i])
                                            : oaconv_finish(run->filter, in, run->out, pieces[i]);
        if (!succeeded(run, i == 0 ? "oaconv_process" : "oaconv_finish", status))
            return false;
        run->done += pieces[i];
        run->given += kept;
    }
    return true;
}

static bool change_taps(struct run *run, const struct taps *taps)
{
    if (!succeeded(
            run, "oaconv_taps_prepare", oaconv_taps_prepare(run->filter, taps->rows, taps->n_rows)))
        return false;
    if (!oaconv_taps_swap(run->filter))
        snprintf(run->result->failure, sizeof run->result->failure, "no taps to swap in");
    return !*run->result->failure;
}

static void note_fft(struct run *run, size_t epoch)
{
    oaconv_info info;
    oaconv_get_info(run->filter, &info);
    run->result->n_fft[epoch] = info.n_fft;
}

static bool send_all(struct run *run)
{
    const struct stream *stream = run->stream;
    size_t epoch = 0;
    note_fft(run, 0);
    for (size_t i = 0; i < stream->n_calls; i++) {
        if (epoch + 1 < stream->n_epochs && stream->epochs[epoch + 1].since == run->done) {
            if (!change_taps(run, &stream->epochs[++epoch].taps))
                return false;
            note_fft(run, epoch);
        }
        if (!send(run, stream->calls[i]))
            return false;
    }
    return succeeded(run, "oaconv_finish", oaconv_finish(run->filter, NULL, NULL, 0));
}

/* In two pieces, up to `length` samples in all. */
static bool read_tail(struct run *run, size_t length)
{
    const size_t n = oaconv_tail_length(run->filter), pieces[] = {n / 3, n - n / 3};
    if (run->given + n != length) {
        snprintf(run->result->failure,
                 sizeof run->result->failure,
                 "%zu samples came, not %zu",
                 run->given + n,
                 length);
        return false;
    }
    for (int i = 0; i < 2; i++) {
        signal_at(&run->result->y, run->given, run->out);
        if (!succeeded(run, "oaconv_read_tail", oaconv_read_tail(run->filter, run->out, pieces[i])))
            return false;
        run->given += pieces[i];
    }
    return true;
}

/* Whether the GPU that was asked for has computed all of it. */
static void check_path(struct run *run, const struct path *path)
{
    oaconv_info info;
    oaconv_get_info(run->filter, &info);
    const bool wanted = !strcmp(path->backend, "gpu");
    if (wanted && (info.gpu_losses > 0 || info.gpu_calls == 0 || strcmp(info.backend, "cuda")))
        snprintf(run->result->failure,
                 sizeof run->result->failure,
                 "%s has filtered, after %llu calls of the GPU: %s",
                 info.backend,
                 (unsigned long long)info.gpu_calls,
                 info.reason);
}

void stream_filter(const struct stream *stream,
                   const struct path *path,
                   size_t length,
                   struct result *result)
{
    oaconv_config config;
    struct run run = {.stream = stream, .result = result};
    *result = (struct result){.failure = ""};
    signal_init(&result->y, stream->type, stream->x.n_channels, length);
    run.in = allocate(stream->x.n_channels, sizeof *run.in);
    run.out = allocate(stream->x.n_channels, sizeof *run.out);
    stream_config(stream, path, &config);
    if (succeeded(&run, "oaconv_create", oaconv_create(&run.filter, &config)) && send_all(&run) &&
        read_tail(&run, length))
        check_path(&run, path);
    oaconv_destroy(run.filter);
    free(run.in);
    free(run.out);
}

void result_free(struct result *result)
{
    signal_free(&result->y);
}
