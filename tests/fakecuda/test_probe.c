/* SPDX-License-Identifier: GPL-3.0-or-later
 * Runs test_sequence.c and prints how it went. */
#include "test_sequence.h"

#include <stdio.h>

int main(void)
{
    const char *wrong = "";
    const int failed = run_sequence(&wrong);
    printf("%s\n", failed ? wrong : "right");
    return failed != 0;
}
