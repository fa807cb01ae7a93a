/* SPDX-License-Identifier: GPL-3.0-or-later
 * Work in a process of its own. */
#ifndef OAC_BENCH_CHILD_H
#define OAC_BENCH_CHILD_H

#include <functional>
#include <string>
#include <vector>

namespace oac_bench
{

/* Runs work in a child with an empty folder as its HOME, so that no FFTW wisdom and no preferences
 * of the user or of an earlier child are found, and FFTW plans anew. What the work tells, line by
 * line, is returned. Throws std::runtime_error when the child fails; it has said why on stderr.
 * This process must not have started threads. */
std::vector<std::string>
in_child(const std::function<void(const std::function<void(const std::string &)> &tell)> &work);

} // namespace oac_bench

#endif
