/* SPDX-License-Identifier: GPL-3.0-or-later
 * Factors and tables, in double precision. */
#include "backends/simd/twiddles.h"

#include "base/memory.h"
#include "base/process_lock.h"

#include <math.h>

enum { LANE = 4, LEAST_BITS = 6 };

/* The odd factor of n, and the power of two beside it. */
static size_t odd_factor(size_t n, int *bits)
{
    *bits = 0;
    for (; n > 0 && n % 2 == 0; n /= 2)
        (*bits)++;
    return n;
}

bool oac_simd_fft_exists(size_t n)
{
    int bits;
    const size_t odd = odd_factor(n, &bits);
    return bits >= LEAST_BITS && bits <= 30 && (odd == 1 || odd == 3 || odd == 5);
}

/* Radix 8 wherever it goes, one radix 4 where the rest asks for it, the odd factor, and a last
 * radix 8 or 4 that forms the leaves together with the 4 points of a lane. */
static void factorize(struct simd_fft *fft)
{
    int bits, n = 0;
    const size_t odd = odd_factor(fft->n, &bits);
    fft->radix[n++] = bits > LEAST_BITS ? 8 : 4;
    bits -= (bits > LEAST_BITS ? 3 : 2) + 2;
    const int leaf_bits = bits % 3 == 1 || bits == 2 ? 2 : 3;
    bits -= leaf_bits;
    for (; bits >= 3; bits -= 3)
        fft->radix[n++] = 8;
    if (bits == 2)
        fft->radix[n++] = 4;
    if (odd > 1)
        fft->radix[n++] = (int)odd;
    fft->radix[n++] = leaf_bits == 2 ? 4 : 8;
    fft->n_passes = n;
}

/* exp(-2 pi i turns) */
static void set_root(float *re, float *im, double turns)
{
    const double angle = -2 * acos(-1) * turns;
    *re = (float)cos(angle);
    *im = (float)sin(angle);
}

/* X^n = exp(-2 pi i theta) is what the transform works modulo. */
static double theta_of(const struct simd_fft *fft)
{
    return fft->real ? -0.25 : 0;
}

static float *make_first(struct simd_fft *fft)
{
    const size_t radix = (size_t)fft->radix[0], width = fft->width;
    float *table = oac_alloc(fft->n, 2 * sizeof *table);
    if (!table)
        return NULL;
    for (size_t j = 0; j < fft->n / radix; j++)
        for (size_t k = 0; k < radix; k++) {
            float *w = table + (j / width * radix + k) * 2 * width + j % width;
            set_root(w, w + width, (double)j * ((double)k + theta_of(fft)) / (double)fft->n);
        }
    for (size_t k = 0; k < radix; k++)
        set_root(&fft->turn[k].re, &fft->turn[k].im, (double)k * theta_of(fft) / (double)radix);
    return table;
}

/* For blocks of n points. */
static float *make_later(size_t n, size_t radix)
{
    float *table = oac_alloc(n, 2 * sizeof *table);
    if (!table)
        return NULL;
    for (size_t j = 0; j < n / radix; j++)
        for (size_t k = 1; k < radix; k++) {
            float *w = table + (j / LANE * (radix - 1) + k - 1) * 2 * LANE + j % LANE;
            set_root(w, w + LANE, (double)j * (double)k / (double)n);
        }
    return table;
}

/* One that is open, or several times so. */
struct shared_fft {
    struct simd_fft fft; /* first: what its users hold */
    size_t n_users;
    struct shared_fft *next;
};

static struct shared_fft *shared_ffts; /* under OAC_LOCK_FFT_TABLES */

static void free_shared(struct shared_fft *shared)
{
    for (int p = 0; p < shared->fft.n_passes; p++)
        oac_free(shared->fft.twiddle[p]);
    oac_free(shared);
}

static struct shared_fft *make_twiddles(size_t n, bool real, size_t width)
{
    struct shared_fft *shared = oac_alloc(1, sizeof *shared);
    if (!shared)
        return NULL;
    struct simd_fft *fft = &shared->fft;
    *fft = (struct simd_fft){.n = n, .width = width, .real = real};
    factorize(fft);
    bool made = (fft->twiddle[0] = make_first(fft)) != NULL;
    size_t points = n / (size_t)fft->radix[0];
    for (int p = 1; made && p < fft->n_passes; points /= (size_t)fft->radix[p++])
        made = (fft->twiddle[p] = make_later(points, (size_t)fft->radix[p])) != NULL;
    if (made)
        return shared;
    free_shared(shared);
    return NULL;
}

static bool is_same(const struct simd_fft *fft, size_t n, bool real, size_t width)
{
    return fft->n == n && fft->real == real && fft->width == width;
}

const struct simd_fft *oac_simd_fft_open(size_t n, bool real, size_t width)
{
    oac_process_lock(OAC_LOCK_FFT_TABLES);
    struct shared_fft *shared = shared_ffts;
    while (shared && !is_same(&shared->fft, n, real, width))
        shared = shared->next;
    if (!shared && (shared = make_twiddles(n, real, width))) {
        shared->next = shared_ffts;
        shared_ffts = shared;
    }
    if (shared)
        shared->n_users++;
    oac_process_unlock(OAC_LOCK_FFT_TABLES);
    return shared ? &shared->fft : NULL;
}

void oac_simd_fft_close(const struct simd_fft *fft)
{
    if (!fft)
        return;
    oac_process_lock(OAC_LOCK_FFT_TABLES);
    struct shared_fft **place = &shared_ffts;
    while (&(*place)->fft != fft)
        place = &(*place)->next;
    struct shared_fft *shared = *place;
    const bool last = --shared->n_users == 0;
    if (last)
        *place = shared->next;
    oac_process_unlock(OAC_LOCK_FFT_TABLES);
    if (last)
        free_shared(shared);
}
