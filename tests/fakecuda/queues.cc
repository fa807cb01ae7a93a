/* SPDX-License-Identifier: GPL-3.0-or-later
 * Queues of streams: the order that operations run in, what they touch, and what the host knows. */
#include "streams.h"

#include <algorithm>

namespace fakecuda
{

Queues &queues()
{
    static Queues &only = *new Queues;
    return only;
}

cudaStream_t live_stream(cudaStream_t stream, const char *call)
{
    if (!stream)
        return &queues().null_stream;
    const auto &all = queues().streams;
    const auto is_it = [&](const auto &other) { return other.get() == stream; };
    if (std::none_of(all.begin(), all.end(), is_it) || !stream->alive)
        violation(std::string(call) + ": not a live stream");
    else if (current_device() >= 0 && stream->device != current_device())
        violation(std::string(call) + ": stream of another device than this thread's");
    else
        return stream;
    return nullptr;
}

/* ---- Order of operations ---- */

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
    const bool hangs = next.fate == Fate::hangs && next.session == session().number;
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
    for (auto &stream : queues().streams)
        done = done && drain(*stream, call);
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
        for (auto &stream : queues().streams)
            add(*stream);
        if (busy.empty())
            return;
        run_next(*busy[session().random() % busy.size()]);
    }
}

/* ---- What operations touch ---- */

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

void push(CUstream_st &stream, Operation operation)
{
    operation.session = session().number;
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

void host_learns(int stream, long n, const Clock &before)
{
    queues().host.learn(stream, n);
    queues().host.learn(before);
    for (auto &entry : pinned_memory().buffers())
        pinned_memory().protect(entry.second, queues().host);
}

long n_leaked_streams()
{
    long leaked = 0;
    for (const auto &stream : queues().streams)
        leaked += stream->alive && !stream->release_refused;
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
