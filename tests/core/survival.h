/* SPDX-License-Identifier: GPL-3.0-or-later
 * Cases that may end or stop the process they run in: tried in child processes. */
#ifndef OAC_TEST_SURVIVAL_H
#define OAC_TEST_SURVIVAL_H

#include <functional>
#include <string>
#include <vector>

namespace oac_test
{

struct Case {
    std::string name;
    std::function<void()> run; /* throws what it finds wrong */
};

/* Runs the cases in order in a child process that may have `gigabytes` of memory, and in a new
 * child behind each that does not come back. Fails with the names of those that ended their
 * process, took longer than `seconds`, or threw. */
void expect_to_survive(const std::vector<Case> &cases,
                       unsigned gigabytes = 8,
                       unsigned seconds = 120);

} // namespace oac_test

#endif
