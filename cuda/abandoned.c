/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of events that nobody waits for any more. */
#include "abandoned.h"

#include <pthread.h>
#include <stdlib.h>

struct abandoned {
    cudaEvent_t event;
    struct abandoned *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct abandoned *list; /* under lock */
static bool list_is_short;     /* memory has run out: for ever, to be on the safe side */

void oac_cuda_abandon(cudaEvent_t event)
{
    struct abandoned *entry = malloc(sizeof *entry);
    pthread_mutex_lock(&lock);
    if (entry) {
        *entry = (struct abandoned){event, list};
        list = entry;
    } else {
        list_is_short = true;
    }
    pthread_mutex_unlock(&lock);
}

bool oac_cuda_any_abandoned(void)
{
    pthread_mutex_lock(&lock);
    for (struct abandoned **at = &list; *at;) {
        struct abandoned *entry = *at;
        if (cudaEventQuery(entry->event) == cudaErrorNotReady) {
            (void)cudaGetLastError();
            at = &entry->next;
        } else { /* it has come back, or the whole device is lost */
            *at = entry->next;
            free(entry);
        }
    }
    const bool any = list || list_is_short;
    pthread_mutex_unlock(&lock);
    return any;
}
