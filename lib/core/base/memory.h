/* SPDX-License-Identifier: GPL-3.0-or-later
 * The one place the core allocates: aligned, zeroed, and never by an overflowed size. */
#ifndef OAC_MEMORY_H
#define OAC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes: wide enough for every SIMD load, and what FFTW and VOLK need to choose the same code on
 * every call. */
#define OAC_ALIGNMENT ((size_t)64)

/* count * size zeroed bytes, or NULL; a count of 0 gives a valid pointer. Free with oac_free(). */
void *oac_alloc(size_t count, size_t size);
void oac_free(void *memory);

/* *product = a * b, or false when that does not fit. */
bool oac_multiply(size_t a, size_t b, size_t *product);

#endif
