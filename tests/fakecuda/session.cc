/* SPDX-License-Identifier: GPL-3.0-or-later
 * One run of the double: its calls, the faults planned for it, and the violations seen. */
#include "session.h"

#include "streams.h"

#include <cstdio>
#include <cstdlib>

namespace fakecuda
{

static const size_t default_limit = size_t(4) << 30;

static std::mutex the_lock;             /* constant initialisation: alive before any constructor */
static thread_local unsigned chosen_in; /* the session that chosen_device belongs to */
static thread_local int chosen_device;
static thread_local cudaError_t last_error = cudaSuccess;

std::mutex &lock()
{
    return the_lock;
}

static std::string variable(const char *name)
{
    const char *value = std::getenv(name);
    return value ? value : "";
}

static long number(const char *name, long otherwise)
{
    const std::string value = variable(name);
    return value.empty() ? otherwise : std::strtol(value.c_str(), nullptr, 0);
}

static void set_order(Session &s, const std::string &order)
{
    const std::string random = "random:";
    if (order == "eager") {
        s.order = Order::eager;
    } else if (order.compare(0, random.size(), random) == 0) {
        const unsigned long seed = std::stoul(order.substr(random.size()));
        s.order = Order::random;
        s.backwards = seed % 2 == 1;
        s.random.seed(static_cast<unsigned>(seed));
    } else if (!order.empty() && order != "lazy") {
        std::fprintf(stderr, "fakecuda: unknown order: %s\n", order.c_str());
        std::abort();
    }
}

static void set_faults_by_environment(Session &s)
{
    const long sticky = number("FAKECUDA_STICKY", 0);
    Fault &fault = sticky ? s.sticky : s.once;
    fault.call = number("FAKECUDA_FAIL_AT", 0);
    if (sticky)
        fault.code = static_cast<int>(sticky);
    s.late = {number("FAKECUDA_LATE_AT", 0), cudaErrorIllegalAddress};
    s.hang = number("FAKECUDA_HANG_AT", 0);
}

static Session with_defaults()
{
    Session s;
    s.limit = static_cast<size_t>(number("FAKECUDA_LIMIT", default_limit));
    s.n_devices = static_cast<int>(number("FAKECUDA_DEVICES", 1));
    s.r2c_clobbers = number("FAKECUDA_R2C_CLOBBERS", 0) != 0;
    return s;
}

static Session first_session()
{
    Session s = with_defaults();
    set_faults_by_environment(s);
    set_order(s, variable("FAKECUDA_ORDER"));
    return s;
}

Session &session()
{
    static Session &only = *new Session(first_session());
    return only;
}

void start_session(const std::string &order)
{
    Session &s = session();
    const unsigned next = s.number + 1;
    s = with_defaults();
    s.number = next;
    set_order(s, order);
}

void violation(const std::string &text)
{
    session().violations[text]++;
}

std::string report()
{
    std::string text;
    for (const auto &[what, times] : session().violations)
        text += what + " (" + std::to_string(times) + " times)\n";
    return text;
}

long n_violations()
{
    long sum = 0;
    for (const auto &entry : session().violations)
        sum += entry.second;
    return sum;
}

Fate fate_of_this_call()
{
    const long call = static_cast<long>(session().calls.size());
    if (call == session().hang)
        return Fate::hangs;
    return call == session().late.call ? Fate::fails_late : Fate::runs;
}

int current_device()
{
    return chosen_in == session().number ? chosen_device : -1;
}

void choose_device(int device)
{
    chosen_in = session().number;
    chosen_device = device;
}

int begin_call(const char *name, Needs needs)
{
    Session &s = session();
    s.calls.push_back(name);
    if (s.order == Order::random)
        make_random_progress();
    if (needs == Needs::device && current_device() < 0)
        violation(std::string(name) + ": this thread has not called cudaSetDevice");
    const long call = static_cast<long>(s.calls.size());
    if (s.lost)
        return s.lost;
    if (s.sticky.call && call >= s.sticky.call)
        return s.sticky.code;
    return call == s.once.call ? s.once.code : 0;
}

cudaError_t remember_error(cudaError_t error)
{
    if (error != cudaSuccess && error != cudaErrorNotReady)
        last_error = error;
    return error;
}

} // namespace fakecuda

using namespace fakecuda;

extern "C" cudaError_t cudaGetLastError()
{
    const std::lock_guard<std::mutex> guard(lock());
    const cudaError_t error = last_error;
    last_error = static_cast<cudaError_t>(session().lost);
    return error;
}
