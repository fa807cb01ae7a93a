/* SPDX-License-Identifier: GPL-3.0-or-later
 * Control of the double of the CUDA runtime and cuFFT: orders, faults, and what it has seen.
 *
 * Calls are numbered from 1 since the last fakecuda_reset(). Numbered is every function of the
 * runtime and of cuFFT but cudaGetErrorName() and cudaGetLastError(). All functions may be called
 * from any thread. Names in capitals are environment variables that say the same to a process that
 * cannot call these functions; they are read once, before the first call. */
#ifndef FAKECUDA_H
#define FAKECUDA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Begins a run: call numbers, launches and violations start from nothing, faults and the loss of
 * the device are forgotten, the limit of memory is the default, and every thread has to call
 * cudaSetDevice() anew. Buffers, streams, events and plans stay.
 * @param order  when operations run (FAKECUDA_ORDER):
 *               "eager"          as soon as they are enqueued;
 *               "lazy"           not before a call has to wait for them; cudaEventQuery() answers
 *                                cudaErrorNotReady twice first. The default, also for NULL;
 *               "random:<seed>"  a few of any stream at every call, in an order that the seed
 *                                decides; threads of a kernel run backwards where it is odd. */
void fakecuda_reset(const char *order);

/** Call number `call` fails and does nothing (FAKECUDA_FAIL_AT, code 999).
 * @param code  what a call of the runtime returns; cuFFT returns CUFFT_INTERNAL_ERROR. */
void fakecuda_fail_once(long call, int code);
/** From call number `call` on, all fail (FAKECUDA_FAIL_AT with FAKECUDA_STICKY=code).
 * No effect where they do so already: only a reset ends that. */
void fakecuda_fail_sticky(long call, int code);
/** What call number `call` enqueues succeeds but does not run. The next synchronisation with its
 * stream, or query of an event in it, returns the code, and so does every call from then on
 * (FAKECUDA_LATE_AT, code 700). No effect on calls that enqueue nothing. */
void fakecuda_fail_late(long call, int code);
/** What call number `call` enqueues never completes, nor what waits for it: cudaEventQuery()
 * answers cudaErrorNotReady for ever, and a call that would block is a violation and returns an
 * error (FAKECUDA_HANG_AT). No effect on calls that enqueue nothing. */
void fakecuda_hang(long call);
/** Bytes of device memory (FAKECUDA_LIMIT; default 4 GiB). */
void fakecuda_limit(size_t bytes);
/** How many devices there are (FAKECUDA_DEVICES; default 1). */
void fakecuda_devices(int count);
/** Whether R2C destroys its input, which cuFFT does not promise to keep (FAKECUDA_R2C_CLOBBERS). */
void fakecuda_r2c_clobbers(int yes);
/** Kernels run from now on as this file of PTX says, which nvcc wrote; NULL: as C++ again
 * (FAKECUDA_PTX). Aborts where the interpreter does not know what it reads. */
void fakecuda_use_ptx(const char *path);

/** Calls since the reset. */
long fakecuda_calls(void);
/** The function of call number `call`; "" where there was none. */
const char *fakecuda_call_name(long call);
/** Kernel launches since the reset that were enqueued. */
long fakecuda_launches(void);
/** Violations since the reset. */
long fakecuda_violations(void);
/** Each violation once, with a count, one a line; valid until the next call of this function. */
const char *fakecuda_report(void);
/** Forgets the violations so far: for tests that provoke some. */
void fakecuda_forgive(void);
/** Buffers, streams, events and plans that nobody tried to release. What a failed call should have
 * released is not among them. */
long fakecuda_leaks(void);
/** Bytes of device memory and of page-locked memory in use. */
size_t fakecuda_device_bytes(void);
size_t fakecuda_pinned_bytes(void);
/** Forgets all buffers, streams, events and plans, and what waits to run. Addresses are used again
 * after it: nobody may hold one. */
void fakecuda_wipe(void);

#ifdef __cplusplus
}
#endif

#endif
