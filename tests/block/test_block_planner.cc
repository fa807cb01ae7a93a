/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the library of the block is loaded the engine plans only while GNU Radio's own FFTs do not:
 * before the first block is made, too, as for arrays. */
#include "filter.h"

#include <gnuradio/fft/fft.h>
#include <gnuradio/oaconv/multichannel_fft_filter.h>

#include <atomic>
#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <mutex>
#include <thread>

using namespace oac_test;

namespace
{

class block_planner : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(block_planner);
    CPPUNIT_TEST(takes_turns_with_that_of_gnu_radio);
    CPPUNIT_TEST_SUITE_END();

public:
    void takes_turns_with_that_of_gnu_radio()
    {
        std::atomic<bool> planned{false};
        std::unique_lock lock(gr::fft::planner::mutex());
        std::thread engine([&] {
            const Filter filter({OAC_COMPLEX, "volk"}, {{1, 0, 0, 1}});
            planned = true;
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        const bool too_early = planned;
        lock.unlock();
        engine.join();
        CPPUNIT_ASSERT(!too_early && planned);
        CPPUNIT_ASSERT(gr::oaconv::multichannel_fft_filter_ccc::make({{1}}));
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(block_planner);

} // namespace
