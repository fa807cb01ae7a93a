/* SPDX-License-Identifier: GPL-3.0-or-later
 * Parts of a test that run in a child of fork(). */
#ifndef OAC_TEST_CHILD_H
#define OAC_TEST_CHILD_H

#include <functional>
#include <string>

namespace oac_test
{

/* Runs this in a child and waits for its end. Fails where an assertion fails there, where the child
 * dies, and where it is still at work after a minute. */
void in_child(const std::string &label, const std::function<void()> &work);

} // namespace oac_test

#endif
