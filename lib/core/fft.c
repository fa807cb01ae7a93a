/* SPDX-License-Identifier: GPL-3.0-or-later
 * FFTW plans behind the planner lock. */
#include "fft.h"

#include "memory.h"
#include "oaconv/oaconv.h"

#include <fftw3.h>
#include <pthread.h>

/* Trying out plans pays up to this size; beyond it, it would take many seconds. */
static const size_t largest_measured = (size_t)1 << 17;
static const double planning_seconds = 0.5; /* for one plan */

struct fft {
    size_t n;
    fftwf_plan forward, inverse;
    const struct fft *next;
};

/* Guards what follows. Held while planning: never taken by a working thread. */
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static const struct fft *table;
static struct {
    void (*lock)(void *), (*unlock)(void *);
    void *context;
} planner;

void oaconv_set_planner_lock(void (*lock)(void *), void (*unlock)(void *), void *context)
{
    pthread_mutex_lock(&table_lock);
    planner.lock = lock && unlock ? lock : NULL;
    planner.unlock = lock && unlock ? unlock : NULL;
    planner.context = context;
    pthread_mutex_unlock(&table_lock);
}

static void lock_planner(void)
{
    static bool made_thread_safe;
    if (planner.lock) {
        planner.lock(planner.context);
    } else if (!made_thread_safe) {
        fftwf_make_planner_thread_safe();
        made_thread_safe = true;
    }
}

static void unlock_planner(void)
{
    if (planner.unlock)
        planner.unlock(planner.context);
}

static fftwf_plan make_plan(size_t n, float complex *in, float complex *out, int sign)
{
    const unsigned effort = n <= largest_measured ? FFTW_MEASURE : FFTW_ESTIMATE;
    return fftwf_plan_dft_1d((int)n, in, out, sign, effort);
}

static struct fft *make(size_t n)
{
    struct fft *fft = oac_alloc(1, sizeof *fft);
    float complex *in = oac_alloc(n, sizeof *in), *out = oac_alloc(n, sizeof *out);
    /* FFTW aborts the process when memory ends inside it: try first what it may need. */
    void *room = oac_alloc(n, 6 * sizeof *in);
    oac_free(room);
    bool made = false;
    if (fft && in && out && room) {
        fft->n = n;
        lock_planner();
        fftwf_set_timelimit(planning_seconds);
        fft->forward = make_plan(n, in, out, FFTW_FORWARD);
        fft->inverse = make_plan(n, out, in, FFTW_BACKWARD);
        fftwf_set_timelimit(FFTW_NO_TIMELIMIT);
        made = fft->forward && fft->inverse;
        if (!made) {
            fftwf_destroy_plan(fft->forward);
            fftwf_destroy_plan(fft->inverse);
        }
        unlock_planner();
    }
    oac_free(in);
    oac_free(out);
    if (made)
        return fft;
    oac_free(fft);
    return NULL;
}

const struct fft *oac_fft_get(size_t n)
{
    pthread_mutex_lock(&table_lock);
    const struct fft *fft = table;
    while (fft && fft->n != n)
        fft = fft->next;
    if (!fft) {
        struct fft *made = make(n);
        if (made) {
            made->next = table;
            table = made;
        }
        fft = made;
    }
    pthread_mutex_unlock(&table_lock);
    return fft;
}

void oac_fft_forward(const struct fft *fft, float complex *in, float complex *out)
{
    fftwf_execute_dft(fft->forward, in, out);
}

void oac_fft_inverse(const struct fft *fft, float complex *in, float complex *out)
{
    fftwf_execute_dft(fft->inverse, in, out);
}
