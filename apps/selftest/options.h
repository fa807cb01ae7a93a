/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the command line asks for. */
#ifndef SELFTEST_OPTIONS_H
#define SELFTEST_OPTIONS_H

#include <stdbool.h>

struct options {
    bool gpu;
    int device; /* counted from 0; -1: as the library chooses */
    bool json;
    bool quick;
    double seconds; /* of measuring, in total; 0: none */
};

/* What a process says with its exit status. */
enum { EXIT_PASS = 0, EXIT_FAIL = 1, EXIT_USAGE = 2, EXIT_SKIP = 77 };

/* Reads the command line. Ends the process for --help, and with EXIT_USAGE when it makes no sense.
 */
void options_read(struct options *options, int argc, char **argv);

#endif
