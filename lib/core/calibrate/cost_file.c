/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cost tables as text: a line for every number, so that people can read and pin them; with decimal
 * points in every locale. */
#define _POSIX_C_SOURCE 200809L
#include "calibrate/cost_table.h"

#include "base/environment.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char title[] = "oaconv costs 1";
static const char *const methods[N_COST_METHODS] = {"pairs", "folded"};
static const char *const types[2] = {"complex", "real"};

/* Every number of the table with its name; `visit` returns false to stop. */
static bool each(struct cost_table *table,
                 bool (*visit)(void *context, const char *name, double *value),
                 void *context)
{
    char name[64];
    for (int m = 0; m < N_COST_METHODS; m++)
        for (int real = 0; real < 2; real++)
            for (int i = 0; i < N_COST_SIZES; i++) {
                snprintf(name,
                         sizeof name,
                         "block %s %s %zu",
                         methods[m],
                         types[real],
                         oac_cost_size(i));
                if (!visit(context, name, &table->block[m][real][i]))
                    return false;
            }
    return visit(context, "product", &table->product) &&
           visit(context, "far_byte", &table->far_byte) &&
           visit(context, "near_bytes", &table->near_bytes);
}

static bool write_line(void *file, const char *name, double *value)
{
    return fprintf(file, "%s %.17g\n", name, *value) > 0;
}

static bool read_line(void *file, const char *name, double *value)
{
    char line[128];
    const size_t n = strlen(name);
    if (!fgets(line, sizeof line, file) || strncmp(line, name, n) != 0 || line[n] != ' ')
        return false;
    const char *end = oac_parse_number(line + n, value);
    return end && (*end == '\n' || *end == '\r') && isfinite(*value) && *value > 0;
}

bool oac_cost_read(const char *path, struct cost_table *table, const char **why)
{
    char line[sizeof title + 1];
    struct cost_table read;
    FILE *file = fopen(path, "r");
    *why = "cannot be read";
    if (!file)
        return false;
    const bool begins = fgets(line, sizeof line, file) && !strncmp(line, title, sizeof title - 1);
    const bool good = begins && each(&read, read_line, file);
    fclose(file);
    if (good)
        *table = read;
    else
        *why = begins ? "has a line that is missing, misplaced or not a positive number"
                      : "is not a cost table of this version";
    return good;
}

bool oac_cost_write(const char *path, const struct cost_table *table, const char **why)
{
    char temporary[704];
    struct cost_table copy = *table;
    *why = "cannot be written";
    const int n = snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    if (n < 0 || (size_t)n >= sizeof temporary)
        return false;
    FILE *file = fopen(temporary, "w");
    if (!file)
        return false;
    const struct c_locale locale = oac_use_c_locale();
    bool good = fprintf(file, "%s\n", title) > 0 && each(&copy, write_line, file);
    oac_use_locale_again(&locale);
    good = fclose(file) == 0 && good;
    good = good && rename(temporary, path) == 0;
    if (!good)
        remove(temporary);
    return good;
}
