/* SPDX-License-Identifier: GPL-3.0-or-later
 * Opening a GPU: what the module checks then, and what it must refuse. */
#ifndef SELFTEST_OPENING_H
#define SELFTEST_OPENING_H

#include "report.h"

/* Opens a filter of every type, which checks itself: impulses come back as the taps, and the
 * padding is still zero after the transforms. */
void check_opening(struct report *report);

/* Far more memory than the GPU has: refused at once, with a message, and nothing is broken. */
void check_refusal(struct report *report);

#endif
