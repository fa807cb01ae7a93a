/* SPDX-License-Identifier: GPL-3.0-or-later
 * One run of the double: its calls, the faults planned for it, and the violations seen. */
#ifndef FAKECUDA_SESSION_H
#define FAKECUDA_SESSION_H

#include <cuda_runtime_api.h>
#include <cufft.h>

#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace fakecuda
{

enum class Order { eager, lazy, random };

struct Fault {
    long call = 0; /* 0: never */
    int code = cudaErrorUnknown;
};

/* What becomes of the operation that the current call enqueues. */
enum class Fate { runs, fails_late, hangs };

struct Session {
    Order order = Order::lazy;
    bool backwards = false; /* threads of a kernel */
    std::mt19937 random;

    Fault once, sticky, late;
    long hang = 0;
    int lost = 0; /* the code of a late fault that has surfaced */

    size_t limit = 0;
    int n_devices = 1;
    bool r2c_clobbers = false;

    std::vector<const char *> calls;
    long launches = 0;
    std::map<std::string, long> violations;
    unsigned number = 1; /* of this session, so that threads notice a new one */
};

/* Held by every entry point, from its first line to its last. */
std::mutex &lock();

/* The only one; the first use reads the environment. Never destroyed. */
Session &session();

/* Begins a new session, with the defaults of the environment. */
void start_session(const std::string &order);

void violation(const std::string &text);
std::string report();
long n_violations();

Fate fate_of_this_call();

/* Whether a call may be made by a thread that has not chosen a device. */
enum class Needs { nothing, device };

/* The device that this thread chose in this session, or -1. */
int current_device();
void choose_device(int device);

/* Counts the call; returns the code that it has to fail with, or 0. */
int begin_call(const char *name, Needs needs);
cudaError_t remember_error(cudaError_t error);

/* One call of the runtime: body() under the lock, or on_fault() where a fault is due. */
template <class Body, class OnFault>
cudaError_t runtime_call(const char *name, Needs needs, Body body, OnFault on_fault)
{
    const std::lock_guard<std::mutex> guard(lock());
    const int code = begin_call(name, needs);
    if (code)
        on_fault();
    return remember_error(code ? static_cast<cudaError_t>(code) : body());
}

template <class Body>
cudaError_t runtime_call(const char *name, Needs needs, Body body)
{
    return runtime_call(name, needs, body, [] {});
}

/* The same for cuFFT. */
template <class Body, class OnFault>
cufftResult cufft_call(const char *name, Needs needs, Body body, OnFault on_fault)
{
    const std::lock_guard<std::mutex> guard(lock());
    if (begin_call(name, needs)) {
        on_fault();
        return CUFFT_INTERNAL_ERROR;
    }
    return body();
}

template <class Body>
cufftResult cufft_call(const char *name, Needs needs, Body body)
{
    return cufft_call(name, needs, body, [] {});
}

} // namespace fakecuda

#endif
