/* SPDX-License-Identifier: GPL-3.0-or-later
 * Waits for what another thread does. */
#ifndef OAC_TEST_WAIT_UNTIL_H
#define OAC_TEST_WAIT_UNTIL_H

#include <chrono>
#include <cppunit/TestAssert.h>
#include <thread>

namespace oac_test
{

/* Fails after a minute, which is a hang, however busy the machine is. */
template <class Condition>
void wait_until(const char *what, const Condition &condition)
{
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition()) {
        CPPUNIT_ASSERT_MESSAGE(what, std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

} // namespace oac_test

#endif
