/* SPDX-License-Identifier: GPL-3.0-or-later
 * Numbers with decimal points in every locale. */
#define _POSIX_C_SOURCE 200809L
#include "base/c_locale.h"

#include <locale.h>

struct c_locale oac_use_c_locale(void)
{
    const locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return (struct c_locale){.before = uselocale(c), .c = c};
}

void oac_use_locale_again(const struct c_locale *locale)
{
    uselocale(locale->before);
    if (locale->c)
        freelocale(locale->c);
}
