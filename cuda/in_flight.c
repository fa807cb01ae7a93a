/* SPDX-License-Identifier: GPL-3.0-or-later
 * A lock around all work, and the list of events that nobody waits for any more. */
#define _GNU_SOURCE /* a lock that busy filters do not keep from those who free */
#include "in_flight.h"

#include <pthread.h>
#include <stdlib.h>

struct abandoned {
    int device;
    cudaEvent_t event;
    struct abandoned *next;
};

static pthread_rwlock_t work = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct abandoned *list; /* under list_lock, as is the next one */
static bool list_is_short;     /* memory has run out: for ever, to be on the safe side */

void oac_cuda_begin_work(void)
{
    pthread_rwlock_rdlock(&work);
}

void oac_cuda_end_work(void)
{
    pthread_rwlock_unlock(&work);
}

void oac_cuda_abandon(int device, cudaEvent_t event)
{
    struct abandoned *entry = malloc(sizeof *entry);
    pthread_mutex_lock(&list_lock);
    if (entry) {
        *entry = (struct abandoned){device, event, list};
        list = entry;
    } else {
        list_is_short = true;
    }
    pthread_mutex_unlock(&list_lock);
}

/* Whether what is before an event has yet to come back. A fault may pass, so that one is no answer
 * yet; a device that is lost as a whole says the same again. */
static bool is_under_way(cudaEvent_t event)
{
    cudaError_t state = cudaEventQuery(event);
    if (state != cudaSuccess && state != cudaErrorNotReady)
        state = cudaEventQuery(event);
    (void)cudaGetLastError();
    return state == cudaErrorNotReady;
}

/* What has come back, or was on a device that is lost as a whole, leaves the list. */
static void look_again(void)
{
    for (struct abandoned **at = &list; *at;) {
        struct abandoned *entry = *at;
        if (is_under_way(entry->event)) {
            at = &entry->next;
        } else {
            *at = entry->next;
            free(entry);
        }
    }
}

bool oac_cuda_any_abandoned(int device)
{
    pthread_mutex_lock(&list_lock);
    look_again();
    bool any = list_is_short;
    for (const struct abandoned *entry = list; entry; entry = entry->next)
        any = any || entry->device == device;
    pthread_mutex_unlock(&list_lock);
    return any;
}

bool oac_cuda_begin_release(void)
{
    pthread_rwlock_wrlock(&work);
    pthread_mutex_lock(&list_lock);
    look_again();
    const bool any = list || list_is_short;
    pthread_mutex_unlock(&list_lock);
    if (any)
        pthread_rwlock_unlock(&work);
    return !any;
}
