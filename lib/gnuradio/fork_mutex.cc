/* SPDX-License-Identifier: GPL-3.0-or-later
 * A mutex that a child of fork() never finds taken by a thread that it does not have. */
#include "fork_mutex.h"

#include <pthread.h>

namespace gr
{
namespace oaconv
{

struct all_fork_mutexes {
    std::mutex lock; /* guards the list */
    fork_mutex *first = nullptr;

    void add(fork_mutex *mutex)
    {
        std::lock_guard<std::mutex> guard(lock);
        mutex->d_next = first;
        if (first)
            first->d_previous = mutex;
        first = mutex;
    }

    void remove(fork_mutex *mutex)
    {
        std::lock_guard<std::mutex> guard(lock);
        (mutex->d_previous ? mutex->d_previous->d_next : first) = mutex->d_next;
        if (mutex->d_next)
            mutex->d_next->d_previous = mutex->d_previous;
    }

    void lock_all()
    {
        lock.lock();
        for (fork_mutex *mutex = first; mutex; mutex = mutex->d_next) {
            mutex->d_is_ours = mutex->d_owner.load() != std::this_thread::get_id();
            if (mutex->d_is_ours)
                mutex->lock();
        }
    }

    void unlock_all()
    {
        for (fork_mutex *mutex = first; mutex; mutex = mutex->d_next)
            if (mutex->d_is_ours)
                mutex->unlock();
        lock.unlock();
    }
};

namespace
{

all_fork_mutexes all;

/* When the library is loaded, after the engine: then this comes before the engine's own part, which
 * whoever holds one of ours may wait for. */
void __attribute__((constructor)) mind_forks()
{
    pthread_atfork([] { all.lock_all(); }, [] { all.unlock_all(); }, [] { all.unlock_all(); });
}

} // namespace

fork_mutex::fork_mutex()
{
    all.add(this);
}

fork_mutex::~fork_mutex()
{
    all.remove(this);
}

} // namespace oaconv
} // namespace gr
