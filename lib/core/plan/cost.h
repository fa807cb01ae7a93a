/* SPDX-License-Identifier: GPL-3.0-or-later
 * What transforms cost on this machine: the numbers that plans are made from. */
#ifndef OAC_COST_H
#define OAC_COST_H

#include <stdbool.h>
#include <stddef.h>

/* How a backend cuts a signal into transforms. */
enum cost_method {
    COST_PAIRS,  /* two segments of a real signal are one complex transform of N points: volk */
    COST_FOLDED, /* a block of N real samples is a complex transform of N / 2 points: simd */
    N_COST_METHODS
};

/* Sizes: 64, 80, 96 complex points, and so on with every octave, to 131072. */
enum { N_COST_SIZES = 34 };
size_t oac_cost_size(int i);

struct cost_table {
    /* Nanoseconds for one transform there and back with all that goes with it, in the cache. */
    double block[N_COST_METHODS][2][N_COST_SIZES]; /* [method][is it real][size] */
    double product;                                /* ns: one complex point of one partition */
    double far_byte;   /* ns: one byte of a spectrum from beyond the near cache */
    double near_bytes; /* size of the near cache */
};

/* Costs of no machine in particular, an x86-64 core with AVX2. */
void oac_cost_set_nominal(struct cost_table *table);

/* Nanoseconds for a transform of n complex points, of any size. */
double
oac_cost_of_block(const struct cost_table *table, enum cost_method method, bool is_real, size_t n);

#endif
