/* SPDX-License-Identifier: GPL-3.0-or-later
 * Vectors of SIMD_WIDTH floats, and the few shuffles that a transform needs. Only for
 * kernel.c, which is compiled once per width. */
#ifndef OAC_VECTOR_H
#define OAC_VECTOR_H

#include <stddef.h>

#if SIMD_WIDTH > 4
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
/* Loops whose index chooses variables, not memory. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

enum { W = SIMD_WIDTH, LANES = W / 4 };

typedef float vec __attribute__((vector_size(4 * SIMD_WIDTH), may_alias));
typedef float lane __attribute__((vector_size(16), may_alias));
typedef struct {
    vec r, i;
} cplx;
typedef struct {
    lane r, i;
} cplx_lane;

#define SHUFFLE __builtin_shufflevector
/* The indices a, b, c, d of a shuffle within every lane. */
#if SIMD_WIDTH == 16
#define IN_LANES(a, b, c, d)                                                                       \
    a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12, c + 12,    \
        d + 12
#define EVEN(o)                                                                                    \
    o, o + 2, o + 4, o + 6, o + 8, o + 10, o + 12, o + 14, o + 16, o + 18, o + 20, o + 22, o + 24, \
        o + 26, o + 28, o + 30
#define ZIP(o)                                                                                     \
    o, o + 16, o + 1, o + 17, o + 2, o + 18, o + 3, o + 19, o + 4, o + 20, o + 5, o + 21, o + 6,   \
        o + 22, o + 7, o + 23
#elif SIMD_WIDTH == 8
#define IN_LANES(a, b, c, d) a, b, c, d, a + 4, b + 4, c + 4, d + 4
#define EVEN(o) o, o + 2, o + 4, o + 6, o + 8, o + 10, o + 12, o + 14
#define ZIP(o) o, o + 8, o + 1, o + 9, o + 2, o + 10, o + 3, o + 11
#else
#define IN_LANES(a, b, c, d) a, b, c, d
#define EVEN(o) o, o + 2, o + 4, o + 6
#define ZIP(o) o, o + 4, o + 1, o + 5
#endif
#define LANE(q) 4 * (q), 4 * (q) + 1, 4 * (q) + 2, 4 * (q) + 3

/* The compiler must not load a value twice: gcc makes it a memory operand of every use, which costs
 * 10 %. */
INLINE vec keep(vec v)
{
#if defined(__x86_64__) || defined(__i386__)
    __asm__("" : "+v"(v));
#elif defined(__aarch64__)
    __asm__("" : "+w"(v));
#endif
    return v;
}

/* The same lane everywhere. */
INLINE vec spread(const lane *q)
{
#if SIMD_WIDTH == 16
    return keep((vec)_mm512_broadcast_f32x4((__m128)*q));
#elif SIMD_WIDTH == 8
    return keep((vec)_mm256_broadcast_ps((const __m128 *)q));
#else
    return keep(*q);
#endif
}

INLINE vec load_floats(const float *p)
{
    vec v;
    __builtin_memcpy(&v, p, sizeof v);
    return keep(v);
}

INLINE void store_floats(float *p, vec v)
{
    __builtin_memcpy(p, &v, sizeof v);
}

/* W complex samples, interleaved in memory. */
INLINE cplx load_complex(const float *p)
{
    const vec a = load_floats(p), b = load_floats(p + W);
    return (cplx){SHUFFLE(a, b, EVEN(0)), SHUFFLE(a, b, EVEN(1))};
}

/* The two vectors that load_complex() would read. */
INLINE void interleave(vec *pair, cplx x)
{
    pair[0] = SHUFFLE(x.r, x.i, ZIP(0));
    pair[1] = SHUFFLE(x.r, x.i, ZIP(W / 2));
}

/* Four vectors: the 4 x 4 floats in every lane. */
INLINE void transpose_in_lanes(vec *a)
{
    const vec t0 = SHUFFLE(a[0], a[1], IN_LANES(0, W, 1, W + 1));
    const vec t1 = SHUFFLE(a[0], a[1], IN_LANES(2, W + 2, 3, W + 3));
    const vec t2 = SHUFFLE(a[2], a[3], IN_LANES(0, W, 1, W + 1));
    const vec t3 = SHUFFLE(a[2], a[3], IN_LANES(2, W + 2, 3, W + 3));
    a[0] = SHUFFLE(t0, t2, IN_LANES(0, 1, W, W + 1));
    a[1] = SHUFFLE(t0, t2, IN_LANES(2, 3, W + 2, W + 3));
    a[2] = SHUFFLE(t1, t3, IN_LANES(0, 1, W, W + 1));
    a[3] = SHUFFLE(t1, t3, IN_LANES(2, 3, W + 2, W + 3));
}

/* LANES vectors: the LANES x LANES lanes. */
INLINE void transpose_lanes(vec *a)
{
#if SIMD_WIDTH == 16
    const vec t0 = SHUFFLE(a[0], a[1], LANE(0), LANE(2), LANE(4), LANE(6));
    const vec t1 = SHUFFLE(a[0], a[1], LANE(1), LANE(3), LANE(5), LANE(7));
    const vec t2 = SHUFFLE(a[2], a[3], LANE(0), LANE(2), LANE(4), LANE(6));
    const vec t3 = SHUFFLE(a[2], a[3], LANE(1), LANE(3), LANE(5), LANE(7));
    a[0] = SHUFFLE(t0, t2, LANE(0), LANE(2), LANE(4), LANE(6));
    a[1] = SHUFFLE(t1, t3, LANE(0), LANE(2), LANE(4), LANE(6));
    a[2] = SHUFFLE(t0, t2, LANE(1), LANE(3), LANE(5), LANE(7));
    a[3] = SHUFFLE(t1, t3, LANE(1), LANE(3), LANE(5), LANE(7));
#elif SIMD_WIDTH == 8
    const vec t = SHUFFLE(a[0], a[1], LANE(0), LANE(2));
    a[1] = SHUFFLE(a[0], a[1], LANE(1), LANE(3));
    a[0] = t;
#else
    (void)a;
#endif
}

#endif
