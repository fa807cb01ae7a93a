/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters follow the planner: "auto" takes the backend whose plan is the cheapest, with any number
 * of threads. The laws of the planner itself are in tests/parts/test_plan.cc. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

/* What is asked for; every channel has a row of its own. */
struct Request {
    Type type;
    size_t n_channels, n_taps, hop = 0;
};

oaconv_info plan_of(const char *backend, const Request &request, size_t threads = 1)
{
    Rows rows;
    for (size_t m = 0; m < request.n_channels; m++) {
        rows.emplace_back(request.n_taps * tap_width(request.type));
        rows.back()[0] = 1.0f + static_cast<float>(m); /* no two alike */
    }
    Spec spec{request.type, backend, request.n_channels, request.hop};
    spec.threads = threads;
    return Filter(spec, rows).info();
}

/* N, L, hop and K. */
std::string write(const oaconv_info &info)
{
    return say(info.n_fft, ", ", info.segment, ", ", info.hop, ", ", info.n_partitions);
}

class plans_follow_costs : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(plans_follow_costs);
    CPPUNIT_TEST(auto_takes_the_cheapest);
    CPPUNIT_TEST(same_request_same_plan_whatever_the_threads);
    CPPUNIT_TEST_SUITE_END();

public:
    void auto_takes_the_cheapest()
    {
        for (const char *name : {"auto", "cpu"})
            for (oaconv_type type : all_types())
                for (const Request &request : {Request{type, 1, 1},
                                               {type, 3, 100},
                                               {type, 1, 1000},
                                               {type, 1, 40, 1000},
                                               {type, 1, 1000, 64}}) {
                    const oaconv_info chosen = plan_of(name, request),
                                      simd = plan_of("simd", request),
                                      volk = plan_of("volk", request);
                    const std::string label =
                        say("type ", type, " P=", request.n_taps, ": ", chosen.backend);
                    CPPUNIT_ASSERT_MESSAGE(label, chosen.cost > 0);
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        label, std::min(simd.cost, volk.cost), chosen.cost);
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        label,
                        write(chosen.backend == std::string("simd") ? simd : volk),
                        write(chosen));
                }
    }

    void same_request_same_plan_whatever_the_threads()
    {
        for (const char *backend : {"auto", "simd", "volk"})
            for (oaconv_type type : all_types())
                for (const Request &request :
                     {Request{type, 5, 1}, {type, 5, 300}, {type, 5, 300, 16}}) {
                    const oaconv_info one = plan_of(backend, request);
                    for (size_t threads : {1, 2, 0}) {
                        const oaconv_info other = plan_of(backend, request, threads);
                        const std::string label = say(backend, ", ", threads, " threads");
                        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, write(one), write(other));
                        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, one.cost, other.cost);
                    }
                }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(plans_follow_costs);

} // namespace
