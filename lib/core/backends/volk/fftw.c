/* SPDX-License-Identifier: GPL-3.0-or-later
 * FFTW plans behind the planner lock; compiled once for each precision. */
#include "backends/volk/fftw.h"

#include "backends/volk/fftw_lock.h"
#include "base/memory.h"

#include <fftw3.h>

/* Trying out plans pays up to this size; beyond it, it would take many seconds. */
static const size_t largest_measured = (size_t)1 << 17;
static const double planning_seconds = 0.5; /* for one plan */

struct fft {
    size_t n;
    OAC_FFTW(plan) forward, inverse;
    const struct fft *next;
};

static const struct fft *table; /* under oac_fftw_tables_lock() */

/* FFTW tells by its solvers whose wisdom it understands, and adds those with threads now or never:
 * GNU Radio has them. Again, it does nothing. */
static void lock_planner(void)
{
    static bool made_thread_safe;
    if (!oac_fftw_lock() && !made_thread_safe) {
        OAC_FFTW(make_planner_thread_safe)();
        made_thread_safe = true;
    }
    (void)OAC_FFTW(init_threads)();
}

/* Since FFTW 3.3.9. */
int OAC_FFTW(planner_nthreads)(void) __attribute__((weak));

/* The threads of new plans; the program may have asked for others. */
static int set_threads(int n)
{
    const int before = OAC_FFTW(planner_nthreads) ? OAC_FFTW(planner_nthreads)() : 1;
    OAC_FFTW(plan_with_nthreads)(n);
    return before;
}

static OAC_FFTW(plan) plan_fftw(size_t n, complex_element *in, complex_element *out, int sign)
{
    const unsigned effort = n <= largest_measured ? FFTW_MEASURE : FFTW_ESTIMATE;
    return OAC_FFTW(plan_dft_1d)((int)n, in, out, sign, effort);
}

static struct fft *make_fftw(size_t n)
{
    struct fft *fft = oac_alloc(1, sizeof *fft);
    complex_element *in = oac_alloc(n, sizeof *in), *out = oac_alloc(n, sizeof *out);
    /* FFTW aborts the process when memory ends inside it: try first what it may need. */
    void *room = oac_alloc(n, 6 * sizeof *in);
    oac_free(room);
    bool made = false;
    if (fft && in && out && room) {
        fft->n = n;
        lock_planner();
        const int n_threads = set_threads(1);
        OAC_FFTW(set_timelimit)(planning_seconds);
        fft->forward = plan_fftw(n, in, out, FFTW_FORWARD);
        fft->inverse = plan_fftw(n, out, in, FFTW_BACKWARD);
        OAC_FFTW(set_timelimit)(FFTW_NO_TIMELIMIT);
        (void)set_threads(n_threads);
        made = fft->forward && fft->inverse;
        if (!made) {
            OAC_FFTW(destroy_plan)(fft->forward);
            OAC_FFTW(destroy_plan)(fft->inverse);
        }
        oac_fftw_unlock();
    }
    oac_free(in);
    oac_free(out);
    if (made)
        return fft;
    oac_free(fft);
    return NULL;
}

const struct fft *oac_fftw_get(size_t n)
{
    oac_fftw_tables_lock();
    const struct fft *fft = table;
    while (fft && fft->n != n)
        fft = fft->next;
    if (!fft) {
        struct fft *made = make_fftw(n);
        if (made) {
            made->next = table;
            table = made;
        }
        fft = made;
    }
    oac_fftw_tables_unlock();
    return fft;
}

void oac_fftw_forward(const struct fft *fft, complex_element *in, complex_element *out)
{
    OAC_FFTW(execute_dft)(fft->forward, in, out);
}

void oac_fftw_inverse(const struct fft *fft, complex_element *in, complex_element *out)
{
    OAC_FFTW(execute_dft)(fft->inverse, in, out);
}

static void lock_wisdom(void)
{
    oac_fftw_tables_lock();
    lock_planner();
}

static void unlock_wisdom(void)
{
    oac_fftw_unlock();
    oac_fftw_tables_unlock();
}

char *OAC_NAME(oac_fftw_export_wisdom)(void)
{
    lock_wisdom();
    char *wisdom = OAC_FFTW(export_wisdom_to_string)();
    unlock_wisdom();
    return wisdom;
}

bool OAC_NAME(oac_fftw_import_wisdom)(const char *wisdom)
{
    lock_wisdom();
    const bool understood = OAC_FFTW(import_wisdom_from_string)(wisdom);
    unlock_wisdom();
    return understood;
}
