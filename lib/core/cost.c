/* SPDX-License-Identifier: GPL-3.0-or-later
 * Costs between and beyond the sizes of the table. */
#include "cost.h"

#include <math.h>

enum { LEAST_POINTS = 64 };

/* Cost per point at a place of the table that need not be a whole one. */
static double per_point(const double *block, double place)
{
    const int low = place < 0 ? 0 : place >= N_COST_SIZES - 2 ? N_COST_SIZES - 2 : (int)place;
    const double a = block[low] / (LEAST_POINTS * exp2(low));
    const double b = block[low + 1] / (LEAST_POINTS * exp2(low + 1));
    if (place <= 0) /* what is left of the smallest is overhead */
        return block[0] / (LEAST_POINTS * exp2(place));
    /* Beyond the table a doubling costs what a pass more does, at least. */
    const double slope = place > N_COST_SIZES - 1 ? fmax(b - a, 0.05 * b) : b - a;
    return place > N_COST_SIZES - 1 ? b + slope * (place - (N_COST_SIZES - 1))
                                    : a + slope * (place - low);
}

static bool is_power_of_two(size_t n)
{
    return (n & (n - 1)) == 0;
}

double
oac_cost_of_block(const struct cost_table *table, enum cost_method method, bool is_real, size_t n)
{
    const double place = log2((double)n / LEAST_POINTS);
    const double cost = (double)n * per_point(table->block[method][is_real], place);
    return is_power_of_two(n) ? cost : cost * table->odd_penalty[method];
}
