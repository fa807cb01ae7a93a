/* SPDX-License-Identifier: GPL-3.0-or-later
 * A mutex that a child of fork() never finds taken by a thread that it does not have. */
#ifndef INCLUDED_OACONV_FORK_MUTEX_H
#define INCLUDED_OACONV_FORK_MUTEX_H

#include <atomic>
#include <mutex>
#include <thread>

namespace gr
{
namespace oaconv
{

/* fork() waits until it is free, so what it guards is whole in the child; not where the thread that
 * forks has it. Whoever has one takes no other, and waits for no thread that could fork. */
class fork_mutex
{
public:
    fork_mutex();
    ~fork_mutex();
    fork_mutex(const fork_mutex &) = delete;
    fork_mutex &operator=(const fork_mutex &) = delete;

    void lock()
    {
        d_mutex.lock();
        d_owner = std::this_thread::get_id();
    }

    void unlock()
    {
        d_owner = std::thread::id();
        d_mutex.unlock();
    }

private:
    friend struct all_fork_mutexes;
    std::mutex d_mutex;
    std::atomic<std::thread::id> d_owner{std::thread::id()};
    bool d_is_ours = false; /* while a fork has it */
    fork_mutex *d_next = nullptr, *d_previous = nullptr;
};

} // namespace oaconv
} // namespace gr

#endif
