/* SPDX-License-Identifier: GPL-3.0-or-later
 * Costs at, between and beyond the sizes of the table. */
#include "plan/cost.h"

#include <math.h>

enum { AN_OCTAVE = 3 }; /* sizes in it */

size_t oac_cost_size(int i)
{
    return (size_t)(4 + i % AN_OCTAVE) * 16 << i / AN_OCTAVE;
}

/* Straight lines through what an AMD EPYC (Zen 4) took in 2026, with FFTW 3.3.10 and VOLK 2.5, and
 * with our kernels for AVX2: nanoseconds per point over octaves of n. */
static double nominal(enum cost_method method, bool is_real, double n)
{
    const double octaves = log2(n / 64), far = fmax(octaves - 6, 0);
    if (method == COST_PAIRS)
        return 30 + n * (1.3 + 0.2 * octaves + 0.9 * far);
    return 18 + n * (is_real ? 1.1 : 1) * (1.0 + 0.155 * octaves);
}

void oac_cost_set_nominal(struct cost_table *table)
{
    *table = (struct cost_table){.product = 0.14, .far_byte = 0.0075, .near_bytes = 1048576};
    for (int method = 0; method < N_COST_METHODS; method++)
        for (int real = 0; real < 2; real++)
            for (int i = 0; i < N_COST_SIZES; i++)
                table->block[method][real][i] =
                    nominal((enum cost_method)method, real, (double)oac_cost_size(i));
}

/* Beyond the table, and beyond the caches, n log(n). */
static double beyond(const double *block, double n)
{
    const double last = (double)oac_cost_size(N_COST_SIZES - 1);
    return block[N_COST_SIZES - 1] * n * log2(n) / (last * log2(last));
}

double
oac_cost_of_block(const struct cost_table *table, enum cost_method method, bool is_real, size_t n)
{
    const double *block = table->block[method][is_real];
    if (n <= oac_cost_size(0)) /* what is left of the smallest is overhead */
        return block[0];
    for (int i = 1; i < N_COST_SIZES; i++) {
        const double low = (double)oac_cost_size(i - 1), high = (double)oac_cost_size(i);
        if ((double)n <= high)
            return block[i - 1] + (block[i] - block[i - 1]) * ((double)n - low) / (high - low);
    }
    return beyond(block, (double)n);
}
