/* SPDX-License-Identifier: GPL-3.0-or-later
 * Numbers with decimal points in every locale. */
#ifndef OAC_C_LOCALE_H
#define OAC_C_LOCALE_H

struct c_locale {
    void *before, *c;
};

/* This thread reads and writes numbers as C does until the second call. */
struct c_locale oac_use_c_locale(void);
void oac_use_locale_again(const struct c_locale *locale);

#endif
