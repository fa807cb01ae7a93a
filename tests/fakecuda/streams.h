/* SPDX-License-Identifier: GPL-3.0-or-later
 * Streams and events: what is enqueued, in which order it runs, and who may rely on that. */
#ifndef FAKECUDA_STREAMS_H
#define FAKECUDA_STREAMS_H

#include "memory.h"
#include "session.h"

#include <deque>
#include <functional>
#include <memory>

namespace fakecuda
{

struct Operation {
    const char *name;
    std::function<void()> run; /* may be empty */
    Fate fate;
    cudaStream_t after = nullptr; /* not before that stream has done this many operations */
    long after_n = 0;
    unsigned session = 0; /* in which it was put here: what hung in an earlier one is free */
};

/* What an operation touches. */
struct Access {
    const void *begin;
    size_t size;
    bool write;
};
bool overlap(const Access &a, const Access &b);

} // namespace fakecuda

struct CUstream_st {
    int number = 0; /* never used again */
    int device = 0;
    bool alive = true;
    bool release_refused = false;
    std::deque<fakecuda::Operation> waiting;
    long n_enqueued = 0, n_done = 0;
    fakecuda::Clock before; /* what is over when the next operation begins, of other streams */
    int error = 0;          /* of a late fault: nothing runs here any more */
};

struct CUevent_st {
    bool alive = true;
    bool release_refused = false;
    cudaStream_t stream = nullptr; /* null: never recorded */
    long n = 0;                    /* complete when the stream has done this many operations */
    fakecuda::Clock before;        /* what else is over then */
    int n_queries = 0;
};

namespace fakecuda
{

/* Handles stay what they are when they are destroyed, so that a use after it is seen. */
struct Queues {
    CUstream_st null_stream;
    std::vector<std::unique_ptr<CUstream_st>> streams; /* in the order of their numbers */
    std::map<cudaEvent_t, std::unique_ptr<CUevent_st>> events;
    int n_streams_ever = 0;
    Clock host; /* what the host has synchronised with */
};

Queues &queues();

/* A live stream that belongs to this thread's device, the null stream for null; or null, and a
 * violation of `call`. */
cudaStream_t live_stream(cudaStream_t stream, const char *call);

/* Enqueues an operation, unless what it touches is no place for it: then it returns false, and
 * there is a violation. Plans are things that operations use, too.
 * @param accesses  inside live buffers; host memory only where it is pinned
 * @param plan      or null */
bool enqueue(cudaStream_t stream,
             const char *name,
             const std::vector<Access> &accesses,
             std::function<void()> run,
             History *plan = nullptr);

/* Puts an operation that is numbered already at the end of a stream. */
void push(CUstream_st &stream, Operation operation);

/* The host has synchronised with an operation, and with what was over before it. */
void host_learns(int stream, long n, const Clock &before);

/* Runs what has to run until a stream has done its first n operations. Returns whether it has. */
bool run_until(CUstream_st &stream, long n);
/* The same for all that all streams hold; where one hangs, a violation of `call`. */
bool drain_all(const char *call);
bool drain(CUstream_st &stream, const char *call);
void make_random_progress();

/* Streams and events that are alive and that nobody tried to release. */
long n_leaked_streams();
void wipe_streams();

} // namespace fakecuda

#endif
