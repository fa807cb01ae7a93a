/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the cost table of this process comes from. */
#ifndef OAC_COST_TABLE_H
#define OAC_COST_TABLE_H

#include "plan/cost.h"

/* The table of this process, made at the first call and the same ever after. Any thread.
 *
 * The environment variable OACONV_COST_TABLE says where from: unset, it is measured, in a fraction
 * of a second; "nominal", the one built in; "cache", measured once and kept in a file under
 * $XDG_CACHE_HOME or ~/.cache; anything else is the path of such a file. A file that cannot be read
 * or written costs a line on stderr, and the table is measured. */
const struct cost_table *oac_cost_table(void);

/* The same, but the one built in where the variable is unset: there at once, and the same in every
 * process. */
const struct cost_table *oac_cost_table_at_once(void);

/* Measures on this machine what the backends need; false when memory is short. */
bool oac_cost_measure(struct cost_table *table);

/* Text files. *why is static. */
bool oac_cost_read(const char *path, struct cost_table *table, const char **why);
bool oac_cost_write(const char *path, const struct cost_table *table, const char **why);

#endif
