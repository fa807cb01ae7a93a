/* SPDX-License-Identifier: GPL-3.0-or-later
 * What FFTW's planners of both precisions have in common: locks and wisdom. */
#include "backends/volk/fftw_lock.h"

#include "oaconv/oaconv.h"

#include "base/process_lock.h"

static struct {
    void (*lock)(void *), (*unlock)(void *);
    void *context;
} planner;

void oac_fftw_tables_lock(void)
{
    oac_process_lock(OAC_LOCK_FFT_PLANS);
}

void oac_fftw_tables_unlock(void)
{
    oac_process_unlock(OAC_LOCK_FFT_PLANS);
}

void oaconv_set_planner_lock(void (*lock)(void *), void (*unlock)(void *), void *context)
{
    oac_fftw_tables_lock();
    planner.lock = lock && unlock ? lock : NULL;
    planner.unlock = lock && unlock ? unlock : NULL;
    planner.context = context;
    oac_fftw_tables_unlock();
}

bool oac_fftw_lock(void)
{
    if (planner.lock)
        planner.lock(planner.context);
    return planner.lock;
}

void oac_fftw_unlock(void)
{
    if (planner.unlock)
        planner.unlock(planner.context);
}

char *oaconv_export_wisdom(oaconv_precision precision)
{
    if (precision != OAC_SINGLE && precision != OAC_DOUBLE)
        return NULL;
    return precision == OAC_DOUBLE ? oac_fftw_export_wisdom_double()
                                   : oac_fftw_export_wisdom_single();
}

bool oaconv_import_wisdom(oaconv_precision precision, const char *wisdom)
{
    if (!wisdom || (precision != OAC_SINGLE && precision != OAC_DOUBLE))
        return false;
    return precision == OAC_DOUBLE ? oac_fftw_import_wisdom_double(wisdom)
                                   : oac_fftw_import_wisdom_single(wisdom);
}
