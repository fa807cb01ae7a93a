/* SPDX-License-Identifier: GPL-3.0-or-later
 * The functions of fakecuda.h, and the line that a process leaves behind. */
#include "fakecuda.h"

#include "fft.h"
#include "launch.h"
#include "memory.h"
#include "session.h"
#include "streams.h"

#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

using namespace fakecuda;

static long count_leaks()
{
    long leaked = n_leaked_streams() + n_leaked_plans();
    for (Arena *arena : {&device_memory(), &pinned_memory()})
        for (const auto &entry : arena->buffers())
            leaked += !entry.second.release_refused;
    return leaked;
}

static std::string last_line()
{
    const Session &s = session();
    std::string line =
        "calls=" + std::to_string(s.calls.size()) + " launches=" + std::to_string(s.launches) +
        " violations=" + std::to_string(n_violations()) + " leaks=" + std::to_string(count_leaks());
    for (const auto &[what, times] : s.violations)
        line += "; " + what + " (" + std::to_string(times) + " times)";
    return line + "\n";
}

/* One write, so that the lines of several processes do not mix. */
__attribute__((destructor)) static void write_report()
{
    const char *const path = std::getenv("FAKECUDA_REPORT");
    if (!path || !*path)
        return;
    const std::lock_guard<std::mutex> guard(lock());
    const std::string line = last_line();
    const int file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || write(file, line.data(), line.size()) != ssize_t(line.size()))
        std::abort();
    close(file);
}

extern "C" {

void fakecuda_reset(const char *order)
{
    const std::lock_guard<std::mutex> guard(lock());
    start_session(order ? order : "");
}

void fakecuda_fail_once(long call, int code)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().once = {call, code};
}

void fakecuda_fail_sticky(long call, int code)
{
    const std::lock_guard<std::mutex> guard(lock());
    Session &s = session();
    const bool in_force = s.sticky.call && static_cast<long>(s.calls.size()) >= s.sticky.call;
    if (!in_force)
        s.sticky = {call, code};
}

void fakecuda_fail_late(long call, int code)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().late = {call, code};
}

void fakecuda_hang(long call)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().hang = call;
}

void fakecuda_limit(size_t bytes)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().limit = bytes;
}

void fakecuda_devices(int count)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().n_devices = count;
}

void fakecuda_r2c_clobbers(int yes)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().r2c_clobbers = yes != 0;
}

void fakecuda_use_ptx(const char *path)
{
    const std::lock_guard<std::mutex> guard(lock());
    use_ptx(path ? path : "");
}

long fakecuda_calls(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    return long(session().calls.size());
}

const char *fakecuda_call_name(long call)
{
    const std::lock_guard<std::mutex> guard(lock());
    const std::vector<const char *> &calls = session().calls;
    return call >= 1 && size_t(call) <= calls.size() ? calls[size_t(call) - 1] : "";
}

long fakecuda_launches(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    return session().launches;
}

long fakecuda_violations(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    return n_violations();
}

const char *fakecuda_report(void)
{
    static std::string &text = *new std::string;
    const std::lock_guard<std::mutex> guard(lock());
    text = report();
    return text.c_str();
}

void fakecuda_forgive(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    session().violations.clear();
}

long fakecuda_leaks(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    return count_leaks();
}

size_t fakecuda_device_bytes(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    return device_memory().used();
}

size_t fakecuda_pinned_bytes(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    return pinned_memory().used();
}

void fakecuda_wipe(void)
{
    const std::lock_guard<std::mutex> guard(lock());
    wipe_streams();
    wipe_plans();
    device_memory().wipe();
    pinned_memory().wipe();
}

} // extern "C"
