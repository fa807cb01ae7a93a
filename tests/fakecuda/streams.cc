/* SPDX-License-Identifier: GPL-3.0-or-later
 * Streams and events: what is enqueued, in which order it runs, and who may rely on that. */
#include "streams.h"

#include <memory>

namespace fakecuda
{

/* Handles stay what they are when they are destroyed, so that a use after it is seen. */
struct Queues {
    CUstream_st null_stream;
    std::map<cudaStream_t, std::unique_ptr<CUstream_st>> streams;
    std::map<cudaEvent_t, std::unique_ptr<CUevent_st>> events;
    int n_streams_ever = 0;
    Clock host; /* what the host has synchronised with */
};

static Queues &queues()
{
    static Queues &only = *new Queues;
    return only;
}

cudaStream_t live_stream(cudaStream_t stream, const char *call)
{
    if (!stream)
        return &queues().null_stream;
    const auto found = queues().streams.find(stream);
    if (found == queues().streams.end() || !stream->alive)
        violation(std::string(call) + ": not a live stream");
    else if (current_device() >= 0 && stream->device != current_device())
        violation(std::string(call) + ": stream of another device than this thread's");
    else
        return stream;
    return nullptr;
}

static cudaEvent_t live_event(cudaEvent_t event, const char *call)
{
    if (queues().events.count(event) && event->alive)
        return event;
    violation(std::string(call) + ": not a live event");
    return nullptr;
}

/* Order of operations ----------------------------------------------------------------------------
 */

static void check_all_guards(const char *name)
{
    for (auto &entry : device_memory().buffers())
        check_guards(device_memory(), entry.second, name);
}

static void run_unless_faulty(CUstream_st &stream, const Operation &operation)
{
    if (operation.after && operation.after->error)
        stream.error = operation.after->error;
    if (operation.fate == Fate::fails_late && !stream.error)
        stream.error = session().late.code;
    if (stream.error || !operation.run)
        return;
    operation.run();
    check_all_guards(operation.name);
}

/* Runs the first operation that waits, if it can ever run. What hung does after a reset. */
static bool run_next(CUstream_st &stream)
{
    const Operation &next = stream.waiting.front();
    const bool hangs = next.fate == Fate::hangs && session().hang;
    if (hangs || (next.after && !run_until(*next.after, next.after_n)))
        return false;
    run_unless_faulty(stream, next);
    stream.waiting.pop_front();
    stream.n_done++;
    return true;
}

bool run_until(CUstream_st &stream, long n)
{
    while (stream.n_done < n)
        if (!run_next(stream))
            return false;
    return true;
}

bool drain(CUstream_st &stream, const char *call)
{
    const bool done = run_until(stream, stream.n_enqueued);
    if (!done)
        violation(std::string(call) + ": would block for ever");
    return done;
}

bool drain_all(const char *call)
{
    bool done = drain(queues().null_stream, call);
    for (auto &entry : queues().streams)
        done = done && drain(*entry.second, call);
    return done;
}

void make_random_progress()
{
    std::vector<cudaStream_t> busy;
    const auto add = [&](CUstream_st &stream) {
        if (!stream.waiting.empty())
            busy.push_back(&stream);
    };
    for (unsigned steps = session().random() % 4; steps > 0; steps--) {
        busy.clear();
        add(queues().null_stream);
        for (auto &entry : queues().streams)
            add(*entry.second);
        if (busy.empty())
            return;
        run_next(*busy[session().random() % busy.size()]);
    }
}

/* What operations touch --------------------------------------------------------------------------
 */

bool overlap(const Access &a, const Access &b)
{
    const char *const a_begin = static_cast<const char *>(a.begin);
    const char *const b_begin = static_cast<const char *>(b.begin);
    return a_begin < b_begin + b.size && b_begin < a_begin + a.size;
}

static bool inside_a_buffer(const Access &access, const char *name)
{
    const bool on_device = device_memory().contains(access.begin);
    Buffer *const buffer =
        on_device ? device_memory().find(access.begin) : pinned_memory().find(access.begin);
    const char *what = nullptr;
    if (!on_device && !pinned_memory().contains(access.begin))
        what = ": host memory that is not pinned";
    else if (!buffer)
        what = ": memory that is freed, or was never allocated";
    else if (access.size >
             size_t(buffer->begin + buffer->size - static_cast<const char *>(access.begin)))
        what = ": beyond the end of a buffer";
    if (what)
        violation(std::string(name) + what);
    return !what;
}

static void note_use(CUstream_st &stream, History &history, bool write, const char *name)
{
    const Clock &host = queues().host;
    if (!history.use(stream.number, stream.n_enqueued, write, stream.before, host))
        violation(std::string(name) + ": used by another stream, with no order between the two");
}

static void note_access(CUstream_st &stream, const Access &access, const char *name)
{
    const bool on_device = device_memory().contains(access.begin);
    Arena &arena = on_device ? device_memory() : pinned_memory();
    Buffer *const buffer = arena.find(access.begin);
    note_use(stream, buffer->history, access.write, name);
    arena.protect(*buffer, queues().host);
}

static void push(CUstream_st &stream, Operation operation)
{
    stream.waiting.push_back(std::move(operation));
    if (session().order == Order::eager)
        run_until(stream, stream.n_enqueued);
}

bool enqueue(cudaStream_t stream,
             const char *name,
             const std::vector<Access> &accesses,
             std::function<void()> run,
             History *plan)
{
    for (const Access &access : accesses)
        if (!inside_a_buffer(access, name))
            return false;
    stream->n_enqueued++;
    for (const Access &access : accesses)
        note_access(*stream, access, name);
    if (plan)
        note_use(*stream, *plan, true, name);
    push(*stream, {name, std::move(run), fate_of_this_call()});
    return true;
}

/* What the host knows ----------------------------------------------------------------------------
 */

static void host_learns(int stream, long n, const Clock &before)
{
    queues().host.learn(stream, n);
    queues().host.learn(before);
    for (auto &entry : pinned_memory().buffers())
        pinned_memory().protect(entry.second, queues().host);
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

/* Streams and events -----------------------------------------------------------------------------
 */

static cudaError_t create_stream(cudaStream_t *stream, unsigned flags)
{
    if (flags != cudaStreamNonBlocking)
        violation("cudaStreamCreateWithFlags: the double knows cudaStreamNonBlocking only");
    auto made = std::make_unique<CUstream_st>();
    made->number = ++queues().n_streams_ever;
    made->device = current_device();
    *stream = made.get();
    queues().streams[*stream] = std::move(made);
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

long n_leaked_streams()
{
    long leaked = 0;
    for (const auto &entry : queues().streams)
        leaked += entry.second->alive && !entry.second->release_refused;
    for (const auto &entry : queues().events)
        leaked += entry.second->alive && !entry.second->release_refused;
    return leaked;
}

void wipe_streams()
{
    queues().streams.clear();
    queues().events.clear();
    queues().null_stream = CUstream_st();
    queues().host = Clock();
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
