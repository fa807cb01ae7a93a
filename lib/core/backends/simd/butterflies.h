/* SPDX-License-Identifier: GPL-3.0-or-later
 * Arithmetic of vectors of complex numbers, and transforms of 3, 4, 5 and 8 points. */
#ifndef OAC_BUTTERFLIES_H
#define OAC_BUTTERFLIES_H

#include "backends/simd/vector.h"

/* ---- arithmetic ---- */

INLINE cplx get(const cplx *x)
{
    return (cplx){keep(x->r), keep(x->i)};
}
INLINE cplx get_lane(const cplx_lane *x)
{
    return (cplx){spread(&x->r), spread(&x->i)};
}
INLINE cplx add(cplx a, cplx b)
{
    return (cplx){a.r + b.r, a.i + b.i};
}
INLINE cplx sub(cplx a, cplx b)
{
    return (cplx){a.r - b.r, a.i - b.i};
}
INLINE cplx add_i(cplx a, cplx b) /* a + i b */
{
    return (cplx){a.r - b.i, a.i + b.r};
}
INLINE cplx sub_i(cplx a, cplx b) /* a - i b */
{
    return (cplx){a.r + b.i, a.i - b.r};
}
INLINE cplx scale(cplx a, float s)
{
    return (cplx){a.r * s, a.i * s};
}
INLINE cplx mul(cplx a, cplx w)
{
    return (cplx){a.r * w.r - a.i * w.i, a.r * w.i + a.i * w.r};
}
INLINE cplx mul_conj(cplx a, cplx w) /* a conj(w) */
{
    return (cplx){a.r * w.r + a.i * w.i, a.i * w.r - a.r * w.i};
}

/* ---- butterflies: x[k] = sum over j of x[j] exp(-2 pi i j k / radix) ---- */

INLINE void dft3(cplx *x)
{
    const float sin_60 = 0.866025403784438647f;
    const cplx s = add(x[1], x[2]), d = scale(sub(x[1], x[2]), sin_60);
    const cplx m = sub(x[0], scale(s, 0.5f));
    x[0] = add(x[0], s);
    x[1] = sub_i(m, d);
    x[2] = add_i(m, d);
}

INLINE void dft4(cplx *x)
{
    const cplx a0 = add(x[0], x[2]), a1 = add(x[1], x[3]);
    const cplx a2 = sub(x[0], x[2]), a3 = sub(x[1], x[3]);
    x[0] = add(a0, a1);
    x[1] = sub_i(a2, a3);
    x[2] = sub(a0, a1);
    x[3] = add_i(a2, a3);
}

INLINE void dft5(cplx *x)
{
    const float cos_72 = 0.309016994374947424f, cos_144 = -0.809016994374947424f;
    const float sin_72 = 0.951056516295153572f, sin_144 = 0.587785252292473129f;
    const cplx s1 = add(x[1], x[4]), s2 = add(x[2], x[3]);
    const cplx d1 = sub(x[1], x[4]), d2 = sub(x[2], x[3]);
    const cplx m1 = add(add(x[0], scale(s1, cos_72)), scale(s2, cos_144));
    const cplx m2 = add(add(x[0], scale(s1, cos_144)), scale(s2, cos_72));
    const cplx n1 = add(scale(d1, sin_72), scale(d2, sin_144));
    const cplx n2 = sub(scale(d1, sin_144), scale(d2, sin_72));
    x[0] = add(x[0], add(s1, s2));
    x[1] = sub_i(m1, n1);
    x[2] = sub_i(m2, n2);
    x[3] = add_i(m2, n2);
    x[4] = add_i(m1, n1);
}

/* The factor sqrt(1/2) comes last, where it is part of a multiply-add. */
INLINE void dft8(cplx *x)
{
    const float s = 0.707106781186547524f;
    const cplx a0 = add(x[0], x[4]), a1 = add(x[1], x[5]);
    const cplx a2 = add(x[2], x[6]), a3 = add(x[3], x[7]);
    const cplx a4 = sub(x[0], x[4]), a5 = sub(x[1], x[5]);
    const cplx a6 = sub(x[2], x[6]), a7 = sub(x[3], x[7]);
    const cplx b0 = add(a0, a2), b1 = add(a1, a3), b2 = sub(a0, a2), b3 = sub(a1, a3);
    const cplx c0 = sub_i(a4, a6), c2 = add_i(a4, a6);
    const cplx u = {a5.r + a5.i, a5.i - a5.r};    /* (1 - i) a5 */
    const cplx v = {a7.i - a7.r, -(a7.r + a7.i)}; /* -(1 + i) a7 */
    const cplx e = add(u, v), f = sub(u, v);
    x[0] = add(b0, b1);
    x[1] = add(c0, scale(e, s));
    x[2] = sub_i(b2, b3);
    x[3] = sub_i(c2, scale(f, s));
    x[4] = sub(b0, b1);
    x[5] = sub(c0, scale(e, s));
    x[6] = add_i(b2, b3);
    x[7] = add_i(c2, scale(f, s));
}

INLINE void dft(cplx *x, int radix)
{
    radix == 3 ? dft3(x) : radix == 4 ? dft4(x) : radix == 5 ? dft5(x) : dft8(x);
}

INLINE void swap_parts(cplx *x, int n)
{
    UNROLL for (int k = 0; k < n; k++) x[k] = (cplx){x[k].i, x[k].r};
}

/* With exp(+2 pi i j k / radix). */
INLINE void inverse_dft(cplx *x, int radix)
{
    swap_parts(x, radix);
    dft(x, radix);
    swap_parts(x, radix);
}

/* Shuffles n <= 4 vectors of real parts, and those of imaginary parts. */
INLINE void shuffle_parts(cplx *x, int n, void (*shuffle)(vec *))
{
    vec r[4], i[4];
    UNROLL for (int k = 0; k < n; k++)
    {
        r[k] = x[k].r;
        i[k] = x[k].i;
    }
    shuffle(r);
    shuffle(i);
    UNROLL for (int k = 0; k < n; k++) x[k] = (cplx){r[k], i[k]};
}

#endif
