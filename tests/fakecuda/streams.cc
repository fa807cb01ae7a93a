/* SPDX-License-Identifier: GPL-3.0-or-later
 * The CUDA runtime: streams and events. */
#include "streams.h"

namespace fakecuda
{

static cudaEvent_t live_event(cudaEvent_t event, const char *call)
{
    if (queues().events.count(event) && event->alive)
        return event;
    violation(std::string(call) + ": not a live event");
    return nullptr;
}

/* What a synchronisation returns: an error of the stream is that of the whole device. */
static cudaError_t surface(const CUstream_st &stream)
{
    if (stream.error)
        session().lost = stream.error;
    return static_cast<cudaError_t>(stream.error);
}

static cudaError_t synchronize(CUstream_st &stream, const char *call)
{
    if (!drain(stream, call))
        return cudaErrorUnknown;
    if (!stream.error)
        host_learns(stream.number, stream.n_enqueued, stream.before);
    return surface(stream);
}

static bool not_ready_yet(CUevent_st &event)
{
    if (event.stream->n_done >= event.n)
        return false;
    if (session().order == Order::lazy && event.n_queries++ < 2)
        return true;
    if (session().order == Order::random && session().random() % 2)
        return true;
    return !run_until(*event.stream, event.n);
}

static cudaError_t query(CUevent_st &event)
{
    if (!event.stream)
        return cudaSuccess;
    if (not_ready_yet(event))
        return cudaErrorNotReady;
    if (!event.stream->error)
        host_learns(event.stream->number, event.n, event.before);
    return surface(*event.stream);
}

static cudaError_t create_stream(cudaStream_t *stream, unsigned flags)
{
    if (flags != cudaStreamNonBlocking)
        violation("cudaStreamCreateWithFlags: the double knows cudaStreamNonBlocking only");
    auto made = std::make_unique<CUstream_st>();
    made->number = ++queues().n_streams_ever;
    made->device = current_device();
    *stream = made.get();
    queues().streams.push_back(std::move(made));
    return cudaSuccess;
}

static cudaError_t destroy_stream(cudaStream_t stream, const char *call)
{
    if (!stream || !live_stream(stream, call))
        return cudaErrorInvalidResourceHandle;
    if (!drain(*stream, call))
        return cudaErrorUnknown;
    stream->alive = false;
    return cudaSuccess;
}

static cudaError_t create_event(cudaEvent_t *event, unsigned flags)
{
    if (flags != cudaEventDisableTiming)
        violation("cudaEventCreateWithFlags: the double knows cudaEventDisableTiming only");
    auto made = std::make_unique<CUevent_st>();
    *event = made.get();
    queues().events[*event] = std::move(made);
    return cudaSuccess;
}

static cudaError_t record(cudaEvent_t event, cudaStream_t stream, const char *call)
{
    event = live_event(event, call);
    stream = live_stream(stream, call);
    if (!event || !stream)
        return cudaErrorInvalidResourceHandle;
    stream->n_enqueued++;
    event->stream = stream;
    event->n = stream->n_enqueued;
    event->before = stream->before;
    event->n_queries = 0;
    push(*stream, {call, {}, fate_of_this_call()});
    return cudaSuccess;
}

static cudaError_t wait(cudaStream_t stream, cudaEvent_t event, const char *call)
{
    event = live_event(event, call);
    stream = live_stream(stream, call);
    if (!event || !stream)
        return cudaErrorInvalidResourceHandle;
    if (!event->stream)
        return cudaSuccess;
    stream->n_enqueued++;
    stream->before.learn(event->before);
    stream->before.learn(event->stream->number, event->n);
    push(*stream, {call, {}, fate_of_this_call(), event->stream, event->n});
    return cudaSuccess;
}

} // namespace fakecuda

using namespace fakecuda;

extern "C" {

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    return runtime_call(__func__, Needs::device, [&] { return create_stream(stream, flags); });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    const char *const call = __func__;
    return runtime_call(
        call,
        Needs::device,
        [&] { return destroy_stream(stream, call); },
        [&] {
            if (cudaStream_t live = live_stream(stream, call))
                live->release_refused = true;
        });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    const char *const call = __func__;
    return runtime_call(call, Needs::device, [&] {
        cudaStream_t live = live_stream(stream, call);
        return live ? synchronize(*live, call) : cudaErrorInvalidResourceHandle;
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    const char *const call = __func__;
    return runtime_call(call, Needs::device, [&] {
        return flags ? cudaErrorInvalidValue : wait(stream, event, call);
    });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    return runtime_call(__func__, Needs::device, [&] { return create_event(event, flags); });
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    const char *const call = __func__;
    return runtime_call(
        call,
        Needs::device,
        [&] {
            if (!live_event(event, call))
                return cudaErrorInvalidResourceHandle;
            event->alive = false;
            return cudaSuccess;
        },
        [&] {
            if (live_event(event, call))
                event->release_refused = true;
        });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    const char *const call = __func__;
    return runtime_call(call, Needs::device, [&] { return record(event, stream, call); });
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    const char *const call = __func__;
    return runtime_call(call, Needs::device, [&] {
        return live_event(event, call) ? query(*event) : cudaErrorInvalidResourceHandle;
    });
}

} // extern "C"
