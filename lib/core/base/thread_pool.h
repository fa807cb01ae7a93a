/* SPDX-License-Identifier: GPL-3.0-or-later
 * A few threads that share the work of one call, and sleep in between. */
#ifndef OAC_THREAD_POOL_H
#define OAC_THREAD_POOL_H

#include <stddef.h>

struct pool;

/* Cores that this thread may run on, at least 1. */
size_t oac_pool_cores(void);

/* A pool of n workers, one of which is the thread that calls oac_pool_run(). Fewer when the system
 * gives no more threads; NULL when memory is short. */
struct pool *oac_pool_create(size_t n_workers);

size_t oac_pool_workers(const struct pool *pool);

/* Calls job(context, w) once for every worker w, at the same time, and returns when all are done.
 * The workers take over the caller's processor affinity, scheduling and floating-point modes. One
 * thread at a time; does not allocate. */
void oac_pool_run(struct pool *pool, void (*job)(void *context, size_t worker), void *context);

/* In a child of fork(), where the other workers do not exist: the caller does all from now on. */
void oac_pool_forget_workers(struct pool *pool);

/* Accepts NULL. */
void oac_pool_destroy(struct pool *pool);

#endif
