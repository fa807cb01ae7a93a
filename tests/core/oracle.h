/* SPDX-License-Identifier: GPL-3.0-or-later
 * What a filter must give: the defining sum, and how far off it may be. */
#ifndef OAC_TEST_ORACLE_H
#define OAC_TEST_ORACLE_H

#include "signals.h"

namespace oac_test
{

/* Taps in force from sample `since` on. */
struct Epoch {
    size_t since;
    Rows taps;    /* M rows, or 1 for all channels */
    size_t n_fft; /* of the filter at that time, for the error bound; 0: no FFT */
};

/* The exact answer, tail included; complex values are two numbers. */
struct Response {
    std::vector<std::vector<long double>> y; /* [M][length * width], decimated */
    std::vector<std::vector<double>> scale;  /* [M][length] log2(N) |h|_1 max|x|, summed over the
                                                epochs that reach the sample */
    size_t length;                           /* samples per channel, by promise 1; decimated */
};

/* Response to the first n samples of x; each is convolved with the taps of its epoch. Summed in
 * double, for filters in double in long double.
 *   epochs  ordered by `since`, the first from 0 on */
Response respond(Type type, const Rows &x, size_t n, const std::vector<Epoch> &epochs);

} // namespace oac_test

#endif
