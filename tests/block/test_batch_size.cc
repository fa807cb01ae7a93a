/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches follow the rate: large at full speed, one hop when samples trickle in. */
#include "batch_size.h"

#include <cppunit/extensions/HelperMacros.h>

using gr::oaconv::batch_size;

class BatchSize : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BatchSize);
    CPPUNIT_TEST(batches_are_what_arrives_within_the_latency);
    CPPUNIT_TEST(silence_asks_for_one_hop);
    CPPUNIT_TEST(a_restart_forgets_the_rate);
    CPPUNIT_TEST_SUITE_END();

    static constexpr int hop = 448, largest = 16384;
    batch_size::clock::time_point now;

    /* Lets time pass while samples come at a rate and are filtered as soon as asked for. */
    void feed(batch_size &follower, double rate, double seconds)
    {
        while (seconds > 0) {
            const int n = follower.batch(hop, largest, now);
            const double passed = n / rate;
            now += std::chrono::duration_cast<batch_size::clock::duration>(
                std::chrono::duration<double>(passed));
            follower.filtered(n, now);
            seconds -= passed;
        }
    }

public:
    void batches_are_what_arrives_within_the_latency()
    {
        batch_size follower(0.010);
        follower.restart(now);
        CPPUNIT_ASSERT_EQUAL(hop, follower.batch(hop, largest, now));
        for (const double rate : {48e3, 250e3, 1e6, 100e6, 48e3}) {
            feed(follower, rate, 10);
            const int expected = std::max(int(std::min(rate * 0.010, double(largest))), hop);
            const int batch = follower.batch(hop, largest, now);
            CPPUNIT_ASSERT_EQUAL(0, batch % hop);
            CPPUNIT_ASSERT(batch <= expected && batch > expected - 2 * hop);
        }
    }

    void silence_asks_for_one_hop()
    {
        batch_size follower(0.010);
        follower.restart(now);
        feed(follower, 100e6, 1);
        CPPUNIT_ASSERT(follower.batch(hop, largest, now + std::chrono::milliseconds(9)) > hop);
        CPPUNIT_ASSERT_EQUAL(hop,
                             follower.batch(hop, largest, now + std::chrono::milliseconds(10)));
    }

    void a_restart_forgets_the_rate()
    {
        batch_size follower(0.010);
        follower.restart(now);
        feed(follower, 100e6, 1);
        follower.restart(now);
        CPPUNIT_ASSERT_EQUAL(hop, follower.batch(hop, largest, now));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BatchSize);
