/* SPDX-License-Identifier: GPL-3.0-or-later
 * A short use of all that a module needs, in C, as a library of its own or linked to a test. */
#include "test_sequence.h"

#include "test_kernels.h"

#include <cuda_runtime_api.h>
#include <cufft.h>
#include <math.h>
#include <stdio.h>

enum { n = 32, bins = n / 2 + 1, n_rows = 3 };

struct sequence {
    cudaStream_t stream;
    cudaEvent_t done;
    float *host, *samples;
    float2 *spectra, *taps;
    void *work;
    cufftHandle forward, inverse; /* 0: none */
};

static char text[200];

static int wrong_call(const char *call, int code)
{
    if (code)
        snprintf(text, sizeof text, "%s -> %d", call, code);
    return code;
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        if (wrong_call(#call, (int)(call)))                                                        \
            return 1;                                                                              \
    } while (0)

static int make_plan(cufftHandle *plan, cufftType type, size_t *size, cudaStream_t stream)
{
    int length = n;
    TRY(cufftCreate(plan));
    TRY(cufftSetAutoAllocation(*plan, 0));
    TRY(cufftMakePlanMany(*plan, 1, &length, NULL, 1, 0, NULL, 1, 0, type, n_rows, size));
    TRY(cufftSetStream(*plan, stream));
    return 0;
}

static int open_sequence(struct sequence *s)
{
    int count = 0;
    size_t forward_size = 0, inverse_size = 0;
    TRY(cudaGetDeviceCount(&count));
    TRY(cudaSetDevice(0));
    TRY(cudaStreamCreateWithFlags(&s->stream, cudaStreamNonBlocking));
    TRY(cudaEventCreateWithFlags(&s->done, cudaEventDisableTiming));
    TRY(cudaMallocHost((void **)&s->host, sizeof(float) * n_rows * n));
    TRY(cudaMalloc((void **)&s->samples, sizeof(float) * n_rows * n));
    TRY(cudaMalloc((void **)&s->spectra, sizeof(float2) * n_rows * bins));
    TRY(cudaMalloc((void **)&s->taps, sizeof(float2) * n_rows * bins));
    TRY(make_plan(&s->forward, CUFFT_R2C, &forward_size, s->stream));
    TRY(make_plan(&s->inverse, CUFFT_C2R, &inverse_size, s->stream));
    TRY(cudaMalloc(&s->work, forward_size > inverse_size ? forward_size : inverse_size));
    TRY(cufftSetWorkArea(s->forward, s->work));
    TRY(cufftSetWorkArea(s->inverse, s->work));
    return 0;
}

/* Copies s->host to the device, and waits. */
static int upload(struct sequence *s)
{
    const size_t pitch = sizeof(float) * n;
    TRY(cudaMemcpy2DAsync(
        s->samples, pitch, s->host, pitch, pitch, n_rows, cudaMemcpyHostToDevice, s->stream));
    TRY(cudaStreamSynchronize(s->stream));
    return 0;
}

static int wait_by_event(struct sequence *s)
{
    cudaError_t state;
    TRY(cudaEventRecord(s->done, s->stream));
    for (int i = 0; (state = cudaEventQuery(s->done)) == cudaErrorNotReady; i++)
        if (i == 1000)
            return wrong_call("the event never completes", 1);
    return wrong_call("cudaEventQuery", (int)state);
}

/* A delay by one sample: the taps are 1 at 1, scaled by 1 / n. */
static int filter(struct sequence *s)
{
    const size_t size = sizeof(float) * n_rows * n;
    for (int i = 0; i < n_rows * n; i++)
        s->host[i] = i % n == 1 ? 1.0f / n : 0;
    TRY(upload(s));
    TRY(cufftExecR2C(s->forward, s->samples, s->taps));
    for (int i = 0; i < n_rows * n; i++)
        s->host[i] = (float)i;
    TRY(upload(s));
    TRY(cufftExecR2C(s->forward, s->samples, s->spectra));
    TRY(launch_multiply(s->spectra, s->taps, n_rows, bins, 1, s->stream));
    TRY(cufftExecC2R(s->inverse, s->spectra, s->samples));
    TRY(cudaMemcpyAsync(s->host, s->samples, size, cudaMemcpyDeviceToHost, s->stream));
    TRY(wait_by_event(s));
    for (int i = 0; i < n_rows * n; i++)
        if (!(fabsf(s->host[i] - (float)(i % n ? i - 1 : i + n - 1)) < 1e-4f))
            return wrong_call("a wrong sample", i + 1);
    return 0;
}

static int close_sequence(struct sequence *s)
{
    int failed = 0;
    if (s->stream)
        failed |= cudaStreamSynchronize(s->stream) != cudaSuccess;
    if (s->forward)
        failed |= cufftDestroy(s->forward) != CUFFT_SUCCESS;
    if (s->inverse)
        failed |= cufftDestroy(s->inverse) != CUFFT_SUCCESS;
    void *const device[] = {s->work, s->taps, s->spectra, s->samples};
    for (int i = 0; i < 4; i++)
        if (device[i])
            failed |= cudaFree(device[i]) != cudaSuccess;
    if (s->host)
        failed |= cudaFreeHost(s->host) != cudaSuccess;
    if (s->done)
        failed |= cudaEventDestroy(s->done) != cudaSuccess;
    if (s->stream)
        failed |= cudaStreamDestroy(s->stream) != cudaSuccess;
    return failed;
}

int run_sequence(const char **wrong)
{
    struct sequence s = {0};
    text[0] = 0;
    *wrong = text;
    const int failed = open_sequence(&s) || filter(&s);
    const int not_closed = close_sequence(&s);
    if (!failed && not_closed)
        return wrong_call("closing", 1);
    return failed;
}
