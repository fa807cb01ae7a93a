/* SPDX-License-Identifier: GPL-3.0-or-later
 * Without a module or a driver "gpu" says why not, and "auto" filters: no double here. */
#include "gpu_filter.h"

#include <cppunit/extensions/HelperMacros.h>
#include <cstdlib>
#include <iostream>

using namespace oac_test;

namespace
{

class gpu_absent : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(gpu_absent);
    CPPUNIT_TEST(gpu_is_refused_and_auto_filters);
    CPPUNIT_TEST_SUITE_END();

public:
    /* OAC_EXPECT_REASON: what must be said. */
    void gpu_is_refused_and_auto_filters()
    {
        const std::string reason = std::getenv("OAC_EXPECT_REASON");
        if (!kinds_of("cuda").empty()) {
            std::cout << "skipped: absence of a GPU, for there is one" << std::endl;
            std::exit(77);
        }
        const GpuCase c{OAC_COMPLEX, {37, 2}, 2, 500, 3000};
        const Outcome refused = play_case(c, "gpu", 1), filtered = play_case(c, "auto", 1);
        CPPUNIT_ASSERT(refused.refused);
        CPPUNIT_ASSERT_MESSAGE(refused.message, refused.message.find(reason) != std::string::npos);
        CPPUNIT_ASSERT(!filtered.refused);
        CPPUNIT_ASSERT(filtered.backend != "cuda");
        CPPUNIT_ASSERT_EQUAL(size_t{0}, filtered.log.errors.size());
        CPPUNIT_ASSERT_EQUAL(size_t{1}, filtered.log.infos.size());
        CPPUNIT_ASSERT_MESSAGE(filtered.log.infos[0],
                               filtered.log.infos[0].find(reason) != std::string::npos);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_absent);

} // namespace
