/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the command line asks for. */
#define _GNU_SOURCE /* getopt_long */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const double most_seconds = 3600;

static const char help[] =
    "usage: oaconv-selftest [--gpu] [--device N] [--json] [--quick] [--seconds S]\n"
    "Checks the filters of liboaconv on this machine against sums in double precision,\n"
    "then measures how fast they are.\n"
    "\n"
    "  --gpu        check the GPU path, beside the CPU's; without it the CPU path alone\n"
    "  --device N   the GPU to take, counted from 0; default: that of OACONV_DEVICE, or 0\n"
    "  --json       print one JSON object instead of text\n"
    "  --quick      fewer and shorter signals, for slow machines and checking tools\n"
    "  --seconds S  measure for about S seconds in total; 0: do not; default 2\n"
    "  --help       print this\n"
    "\n"
    "Exit status: 0 all passed; 1 something failed; 2 wrong usage; 77 with --gpu and\n"
    "without a GPU, and the line \"skipped: ...\" says why.\n";

static void refuse(const char *option, const char *value, const char *expected)
{
    fprintf(stderr, "oaconv-selftest: %s is \"%s\"; it must be %s\n", option, value, expected);
    exit(EXIT_USAGE);
}

static int read_device(const char *value)
{
    char *end;
    errno = 0;
    const long number = strtol(value, &end, 10);
    if (end == value || *end || errno || number < 0 || number > INT_MAX)
        refuse("--device", value, "the number of a GPU, counted from 0");
    return (int)number;
}

static double read_seconds(const char *value)
{
    char *end;
    const double seconds = strtod(value, &end);
    if (end == value || *end || !(seconds >= 0 && seconds <= most_seconds))
        refuse("--seconds", value, "a number from 0 to 3600");
    return seconds;
}

static void apply(struct options *options, int option)
{
    switch (option) {
    case 'g':
        options->gpu = true;
        break;
    case 'd':
        options->device = read_device(optarg);
        break;
    case 'j':
        options->json = true;
        break;
    case 'q':
        options->quick = true;
        break;
    case 's':
        options->seconds = read_seconds(optarg);
        break;
    case 'h':
        fputs(help, stdout);
        exit(EXIT_PASS);
    default:
        fputs("oaconv-selftest --help lists the options\n", stderr);
        exit(EXIT_USAGE);
    }
}

void options_read(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {{"gpu", no_argument, NULL, 'g'},
                                          {"device", required_argument, NULL, 'd'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"quick", no_argument, NULL, 'q'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    *options = (struct options){.device = -1, .seconds = 2};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;)
        apply(options, option);
    if (optind < argc) {
        fprintf(stderr, "oaconv-selftest: what is \"%s\"?\n", argv[optind]);
        exit(EXIT_USAGE);
    }
    if (options->device >= 0 && !options->gpu) {
        fputs("oaconv-selftest: --device without --gpu\n", stderr);
        exit(EXIT_USAGE);
    }
}
