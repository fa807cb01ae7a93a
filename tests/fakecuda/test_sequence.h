/* SPDX-License-Identifier: GPL-3.0-or-later
 * A short use of all that a module needs, in C, as a library of its own or linked to a test. */
#ifndef FAKECUDA_TEST_SEQUENCE_H
#define FAKECUDA_TEST_SEQUENCE_H

#ifdef __cplusplus
extern "C" {
#endif

/* Filters a signal on the device and compares the result. Returns 0 where it is right; else what is
 * wrong is in a text that the next call overwrites. Cleans up after itself whatever fails. */
__attribute__((visibility("default"))) int run_sequence(const char **wrong);

#ifdef __cplusplus
}
#endif

#endif
