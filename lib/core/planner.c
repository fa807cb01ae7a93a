/* SPDX-License-Identifier: GPL-3.0-or-later
 * The locks of FFTW's planner, for both precisions. */
#include "planner.h"

#include "oaconv/oaconv.h"

#include <pthread.h>

static pthread_mutex_t plans_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    void (*lock)(void *), (*unlock)(void *);
    void *context;
} planner;

void oac_plans_lock(void)
{
    pthread_mutex_lock(&plans_lock);
}

void oac_plans_unlock(void)
{
    pthread_mutex_unlock(&plans_lock);
}

void oaconv_set_planner_lock(void (*lock)(void *), void (*unlock)(void *), void *context)
{
    oac_plans_lock();
    planner.lock = lock && unlock ? lock : NULL;
    planner.unlock = lock && unlock ? unlock : NULL;
    planner.context = context;
    oac_plans_unlock();
}

bool oac_planner_lock(void)
{
    if (planner.lock)
        planner.lock(planner.context);
    return planner.lock;
}

void oac_planner_unlock(void)
{
    if (planner.unlock)
        planner.unlock(planner.context);
}
