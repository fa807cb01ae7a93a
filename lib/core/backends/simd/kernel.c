/* SPDX-License-Identifier: GPL-3.0-or-later
 * The transforms of backend "simd", written for overlap-add; compiled once per vector width.
 *
 * Real and imaginary parts stay in vectors of their own. The spectrum is never put in order: taps
 * and signal share the order that decimation in frequency leaves, and the way back, decimation in
 * time, starts from it. The first and the last pass load, fold and overlap-add while they are at
 * it; between them a block is taken through forward passes, product and backward passes while it
 * is in the cache (depth first).
 *
 * A transform of n points, radix r: with m = n / r, the outputs k of the butterflies over the
 * inputs j + k m, times exp(-2 pi i j k / n), are r blocks of m points, each a transform of its
 * own. (C. Van Loan, "Computational Frameworks for the Fast Fourier Transform", 1992, chapter 2.)
 * In the first pass a vector is W consecutive points j; its outputs k are then transposed so that
 * every lane of 4 points belongs to another block. */
#include "backends/simd/kernel.h"

#include "backends/simd/butterflies.h"

/* ---- the ends: W points of a block, from and to memory ---- */

/* Points p .. p + W - 1, zero beyond the input. */
INLINE cplx load(const struct simd_block *b, size_t p, size_t n, bool real)
{
    const vec zero = {0};
    if (real)
        return (cplx){p < b->n_in ? load_floats(b->in + p) : zero,
                      p + n < b->n_in ? load_floats(b->in + p + n) : zero};
    return p < b->n_in ? load_complex(b->in + 2 * p) : (cplx){zero, zero};
}

/* Overlap-add of the samples p .. p + W - 1, in n_vecs vectors. */
INLINE void put(const struct simd_block *b, size_t p, vec *y, size_t n_vecs)
{
    if (p < b->n_tail)
        UNROLL for (size_t i = 0; i < n_vecs; i++) y[i] +=
            load_floats(b->tail_in + n_vecs * p + i * W);
    if (p < b->n_out)
        UNROLL for (size_t i = 0; i < n_vecs; i++) store_floats(b->out + n_vecs * p + i * W, y[i]);
    else if (p - b->n_out < b->n_tail)
        UNROLL for (size_t i = 0; i < n_vecs; i++)
            store_floats(b->tail_out + n_vecs * (p - b->n_out) + i * W, y[i]);
}

INLINE void store(const struct simd_block *b, size_t p, size_t n, cplx y, bool real)
{
    if (real) {
        put(b, p, &y.r, 1);
        put(b, p + n, &y.i, 1);
    } else {
        vec pair[2];
        interleave(pair, y);
        put(b, p, pair, 2);
    }
}

INLINE cplx turn(const struct simd_fft *f, int k)
{
    const vec zero = {0};
    return (cplx){zero + f->turn[k].re, zero + f->turn[k].im};
}

INLINE void
first_pass(const struct simd_fft *f, cplx *x, const struct simd_block *b, int radix, bool real)
{
    const size_t step = f->n / (size_t)radix, m = step / W;
    const cplx *w = (const cplx *)f->twiddle[0];
    for (size_t j = 0; j < m; j++, w += radix) {
        cplx t[OAC_SIMD_MAX_RADIX];
        UNROLL for (int k = 0; k < radix; k++)
        {
            t[k] = load(b, j * W + (size_t)k * step, f->n, real);
            if (real && k > 0)
                t[k] = mul(t[k], turn(f, k));
        }
        dft(t, radix);
        UNROLL for (int k = real ? 0 : 1; k < radix; k++) t[k] = mul(t[k], get(&w[k]));
        UNROLL for (int k = 0; k < radix; k += LANES)
        {
            cplx *group = x + (size_t)k * m + LANES * j;
            shuffle_parts(t + k, LANES, transpose_lanes);
            UNROLL for (int q = 0; q < LANES; q++) group[q] = t[k + q];
        }
    }
}

INLINE void
last_pass(const struct simd_fft *f, const cplx *x, const struct simd_block *b, int radix, bool real)
{
    const size_t step = f->n / (size_t)radix, m = step / W;
    const cplx *w = (const cplx *)f->twiddle[0];
    for (size_t j = 0; j < m; j++, w += radix) {
        cplx t[OAC_SIMD_MAX_RADIX];
        UNROLL for (int k = 0; k < radix; k += LANES)
        {
            const cplx *group = x + (size_t)k * m + LANES * j;
            UNROLL for (int q = 0; q < LANES; q++) t[k + q] = get(&group[q]);
            shuffle_parts(t + k, LANES, transpose_lanes);
        }
        UNROLL for (int k = real ? 0 : 1; k < radix; k++) t[k] = mul_conj(t[k], get(&w[k]));
        inverse_dft(t, radix);
        UNROLL for (int k = 0; k < radix; k++)
        {
            if (real && k > 0)
                t[k] = mul_conj(t[k], turn(f, k));
            store(b, j * W + (size_t)k * step, f->n, t[k], real);
        }
    }
}

/* ---- passes over one group of blocks; m vectors between the points of a butterfly ---- */

INLINE void forward_pass(cplx *x, size_t m, const cplx_lane *w, int radix)
{
    for (size_t j = 0; j < m; j++, w += radix - 1) {
        cplx t[OAC_SIMD_MAX_RADIX];
        UNROLL for (int k = 0; k < radix; k++) t[k] = get(&x[j + (size_t)k * m]);
        dft(t, radix);
        x[j] = t[0];
        UNROLL for (int k = 1; k < radix; k++) x[j + (size_t)k * m] =
            mul(t[k], get_lane(&w[k - 1]));
    }
}

INLINE void backward_pass(cplx *x, size_t m, const cplx_lane *w, int radix)
{
    for (size_t j = 0; j < m; j++, w += radix - 1) {
        cplx t[OAC_SIMD_MAX_RADIX] = {get(&x[j])};
        UNROLL for (int k = 1; k < radix; k++) t[k] =
            mul_conj(get(&x[j + (size_t)k * m]), get_lane(&w[k - 1]));
        inverse_dft(t, radix);
        UNROLL for (int k = 0; k < radix; k++) x[j + (size_t)k * m] = t[k];
    }
}

/* ---- leaves: radix vectors, 4 * radix points of every lane's block ---- */

INLINE void leaf_forward(cplx *t, const cplx *x, const cplx_lane *w, int radix)
{
    UNROLL for (int k = 0; k < radix; k++) t[k] = get(&x[k]);
    dft(t, radix);
    UNROLL for (int k = 1; k < radix; k++) t[k] = mul(t[k], get_lane(&w[k - 1]));
    UNROLL for (int k = 0; k < radix; k += 4)
    {
        shuffle_parts(t + k, 4, transpose_in_lanes);
        dft4(t + k);
    }
}

INLINE void leaf_backward(cplx *x, cplx *t, const cplx_lane *w, int radix)
{
    UNROLL for (int k = 0; k < radix; k += 4)
    {
        inverse_dft(t + k, 4);
        shuffle_parts(t + k, 4, transpose_in_lanes);
    }
    UNROLL for (int k = 1; k < radix; k++) t[k] = mul_conj(t[k], get_lane(&w[k - 1]));
    inverse_dft(t, radix);
    UNROLL for (int k = 0; k < radix; k++) x[k] = t[k];
}

/* The spectrum of the taps is read once and from far away. */
INLINE void prefetch(const cplx *h, int n)
{
    enum { CACHE_LINE = 64 };
    const char *from = (const char *)h;
    UNROLL for (size_t i = 0; i < (size_t)n * sizeof *h; i += CACHE_LINE)
        __builtin_prefetch(from + i);
}

INLINE void convolve_leaves(cplx *x, size_t n, const cplx_lane *w, const cplx *h, int radix)
{
    for (size_t j = 0; j < n; j += (size_t)radix) {
        cplx t[OAC_SIMD_MAX_RADIX];
        prefetch(h + j + 2 * radix, radix);
        leaf_forward(t, x + j, w, radix);
        UNROLL for (int k = 0; k < radix; k++) t[k] = mul(t[k], get(&h[j + (size_t)k]));
        leaf_backward(x + j, t, w, radix);
    }
}

INLINE void forward_leaves(cplx *x, size_t n, const cplx_lane *w, int radix)
{
    for (size_t j = 0; j < n; j += (size_t)radix) {
        cplx t[OAC_SIMD_MAX_RADIX];
        leaf_forward(t, x + j, w, radix);
        UNROLL for (int k = 0; k < radix; k++) x[j + (size_t)k] = t[k];
    }
}

INLINE void backward_leaves(cplx *x, size_t n, const cplx_lane *w, int radix)
{
    for (size_t j = 0; j < n; j += (size_t)radix) {
        cplx t[OAC_SIMD_MAX_RADIX];
        UNROLL for (int k = 0; k < radix; k++) t[k] = get(&x[j + (size_t)k]);
        leaf_backward(x + j, t, w, radix);
    }
}

/* ---- the radices as constants, so that butterflies live in registers ---- */

static void forward(cplx *x, size_t m, const cplx_lane *w, int radix)
{
    switch (radix) {
    case 3:
        forward_pass(x, m, w, 3);
        break;
    case 4:
        forward_pass(x, m, w, 4);
        break;
    case 5:
        forward_pass(x, m, w, 5);
        break;
    default:
        forward_pass(x, m, w, 8);
    }
}

static void backward(cplx *x, size_t m, const cplx_lane *w, int radix)
{
    switch (radix) {
    case 3:
        backward_pass(x, m, w, 3);
        break;
    case 4:
        backward_pass(x, m, w, 4);
        break;
    case 5:
        backward_pass(x, m, w, 5);
        break;
    default:
        backward_pass(x, m, w, 8);
    }
}

static void first(const struct simd_fft *f, cplx *x, const struct simd_block *b)
{
    const bool four = f->radix[0] == 4;
    if (f->real)
        four ? first_pass(f, x, b, 4, true) : first_pass(f, x, b, 8, true);
    else
        four ? first_pass(f, x, b, 4, false) : first_pass(f, x, b, 8, false);
}

static void last(const struct simd_fft *f, const cplx *x, const struct simd_block *b)
{
    const bool four = f->radix[0] == 4;
    if (f->real)
        four ? last_pass(f, x, b, 4, true) : last_pass(f, x, b, 8, true);
    else
        four ? last_pass(f, x, b, 4, false) : last_pass(f, x, b, 8, false);
}

enum direction { FORWARD = 1, BACKWARD = 2, BOTH = FORWARD | BACKWARD };

static void
leaves(cplx *x, size_t n, const cplx_lane *w, int radix, enum direction d, const cplx *h)
{
    const bool four = radix == 4;
    if (d == BOTH)
        four ? convolve_leaves(x, n, w, h, 4) : convolve_leaves(x, n, w, h, 8);
    else if (d == FORWARD)
        four ? forward_leaves(x, n, w, 4) : forward_leaves(x, n, w, 8);
    else
        four ? backward_leaves(x, n, w, 4) : backward_leaves(x, n, w, 8);
}

/* ---- whole transforms ---- */

/* Takes a group of blocks, n vectors, through the passes from `pass` on: down, up, or down, times
 * h, and up again. */
static void
walk(const struct simd_fft *f, int pass, cplx *x, size_t n, enum direction d, const cplx *h)
{
    const int radix = f->radix[pass];
    const cplx_lane *w = (const cplx_lane *)f->twiddle[pass];
    if (pass == f->n_passes - 1) {
        leaves(x, n, w, radix, d, h);
        return;
    }
    const size_t m = n / (size_t)radix, step = pass == f->n_passes - 2 ? n : m;
    if (d & FORWARD)
        forward(x, m, w, radix);
    for (size_t k = 0; k < n; k += step)
        walk(f, pass + 1, x + k, step, d, h + k);
    if (d & BACKWARD)
        backward(x, m, w, radix);
}

static void walk_all(const struct simd_fft *f, cplx *x, enum direction d, const cplx *h)
{
    const size_t n = f->n / W, group = n / (size_t)f->radix[0] * LANES;
    for (size_t k = 0; k < n; k += group)
        walk(f, 1, x + k, group, d, h + k);
}

static void convolve_block(const struct simd_fft *f,
                           const struct simd_block *block,
                           const float *spectrum,
                           float *work)
{
    cplx *x = (cplx *)work;
    first(f, x, block);
    walk_all(f, x, BOTH, (const cplx *)spectrum);
    last(f, x, block);
}

static void
transform_forward(const struct simd_fft *f, const struct simd_block *block, float *spectrum)
{
    cplx *x = (cplx *)spectrum;
    first(f, x, block);
    walk_all(f, x, FORWARD, x);
}

static void
transform_inverse(const struct simd_fft *f, float *spectrum, const struct simd_block *block)
{
    cplx *x = (cplx *)spectrum;
    walk_all(f, x, BACKWARD, x);
    last(f, x, block);
}

/* ---- partitioned filters ---- */

enum { AT_A_TIME = 4 }; /* points that are summed up in registers */

/* Vectors at .. at + AT_A_TIME - 1 of one sum. */
INLINE void sum_products(const struct simd_sum *sum, size_t at, const cplx *filters, size_t stride)
{
    cplx s[AT_A_TIME] = {0};
    for (size_t k = 0; k < sum->n_inputs; k++) {
        const cplx *x = (const cplx *)sum->inputs[k] + at, *h = filters + k * stride + at;
        UNROLL for (int i = 0; i < AT_A_TIME; i++)
        {
            const cplx a = get(&x[i]), b = get(&h[i]);
            s[i].r += a.r * b.r;
            s[i].i += a.r * b.i;
            s[i].r -= a.i * b.i;
            s[i].i += a.i * b.r;
        }
    }
    UNROLL for (int i = 0; i < AT_A_TIME; i++)((cplx *)sum->sum)[at + (size_t)i] = s[i];
}

/* Piece by piece, so that all sums find the filters and each other's inputs in the cache. */
static void multiply_add(size_t n, const struct simd_sum *sums, size_t n_sums, const float *filters)
{
    const size_t n_vecs = n / W;
    for (size_t at = 0; at < n_vecs; at += AT_A_TIME)
        for (size_t t = 0; t < n_sums; t++)
            sum_products(&sums[t], at, (const cplx *)filters, n_vecs);
}

const struct simd_kernel SIMD_KERNEL = {
    .name = SIMD_NAME,
    .width = W,
    .convolve = convolve_block,
    .forward = transform_forward,
    .inverse = transform_inverse,
    .multiply_add = multiply_add,
};
