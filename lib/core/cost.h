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

/* Sizes: n = 64 << i complex points. */
enum { N_COST_SIZES = 12 };

struct cost_table {
    /* Nanoseconds for one transform there and back with all that goes with it, in the cache. */
    double block[N_COST_METHODS][2][N_COST_SIZES]; /* [method][is it real][size] */
    /* How much more a transform with a factor 3 or 5 costs than its neighbours suggest. */
    double odd_penalty[N_COST_METHODS];
    double product;    /* ns: one complex point of one partition */
    double far_byte;   /* ns: one byte of a spectrum from beyond the near cache */
    double near_bytes; /* size of the near cache */
};

/* Nanoseconds for a transform of n complex points, of any size. */
double
oac_cost_of_block(const struct cost_table *table, enum cost_method method, bool is_real, size_t n);

#endif
