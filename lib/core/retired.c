/* SPDX-License-Identifier: GPL-3.0-or-later
 * The list of retired states. */
#include "retired.h"

void oac_retire(oaconv *f, struct tap_state *s)
{
    s->next = atomic_load(&f->retired);
    while (!atomic_compare_exchange_weak(&f->retired, &s->next, s)) {
    }
}

void oac_free_retired(oaconv *f)
{
    struct tap_state *s = atomic_exchange(&f->retired, NULL);
    while (s) {
        struct tap_state *next = s->next;
        oac_tap_state_destroy(s, &f->setup);
        s = next;
    }
}
