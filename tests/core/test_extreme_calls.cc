/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every argument of the other functions at its extremes: no handle, pointers to nothing, lengths
 * that overflow, numbers that name nothing. */
#include "extremes.h"

#include <climits>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdint>
#include <oaconv/private/gpu_report.h>

using namespace oac_test;

namespace
{

constexpr oaconv_status ARG = OAC_ERR_ARG, LARGE = OAC_ERR_TOO_LARGE, BACKEND = OAC_ERR_BACKEND,
                        MEMORY = OAC_ERR_NO_MEMORY;

void expect_refused(oaconv_status status, oaconv_status expected)
{
    expect_status(status, {expected});
}

/* A filter of two channels with a hop of one sample, and a sample for each of them. */
struct AtWork {
    explicit AtWork(size_t decimation = 1)
    {
        request.config.backend = "direct";
        request.config.threads = 1;
        request.config.hop = request.config.decimation = decimation;
        filter = make(request.config);
    }

    Request request{OAC_REAL};
    Handle filter;
    float x[2][64] = {}, y[2][64] = {};
    const void *in[2] = {x[0], x[1]};
    void *out[2] = {y[0], y[1]};
};

class extreme_calls : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(extreme_calls);
    CPPUNIT_TEST(no_handle);
    CPPUNIT_TEST(numbers_of_samples);
    CPPUNIT_TEST(numbers_and_names);
    CPPUNIT_TEST_SUITE_END();

public:
    void no_handle()
    {
        oaconv_info info;
        oaconv_gpu_rates rates;
        AtWork work;
        expect_to_survive({
            {"create", [] { expect_refused(oaconv_create(nullptr, nullptr), ARG); }},
            {"config_init", [] { oaconv_config_init(nullptr); }},
            {"destroy", [] { oaconv_destroy(nullptr); }},
            {"output_length",
             [] { CPPUNIT_ASSERT_EQUAL(size_t{0}, oaconv_output_length(nullptr, 7)); }},
            {"process",
             [&] { expect_refused(oaconv_process(nullptr, work.in, work.out, 1), ARG); }},
            {"process nothing",
             [&] { expect_refused(oaconv_process(nullptr, work.in, work.out, 0), ARG); }},
            {"finish", [&] { expect_refused(oaconv_finish(nullptr, work.in, work.out, 0), ARG); }},
            {"tail_length", [] { CPPUNIT_ASSERT_EQUAL(size_t{0}, oaconv_tail_length(nullptr)); }},
            {"read_tail", [&] { expect_refused(oaconv_read_tail(nullptr, work.out, 0), ARG); }},
            {"taps_prepare",
             [&] {
                 expect_refused(oaconv_taps_prepare(nullptr, work.request.rows.data(), 2), ARG);
             }},
            {"set_max_hop", [] { oaconv_set_max_hop(nullptr, 5); }},
            {"taps_swap", [] { CPPUNIT_ASSERT(!oaconv_taps_swap(nullptr)); }},
            {"reset", [] { oaconv_reset(nullptr); }},
            {"gpu_reopen", [] { expect_refused(oaconv_gpu_reopen(nullptr), ARG); }},
            {"get_info",
             [&] {
                 oaconv_get_info(nullptr, &info);
                 CPPUNIT_ASSERT_EQUAL(size_t{0}, info.n_channels + info.hop);
                 CPPUNIT_ASSERT_EQUAL(std::string(), std::string(info.backend));
                 CPPUNIT_ASSERT_EQUAL(std::string(), std::string(info.reason));
                 CPPUNIT_ASSERT_EQUAL(std::string(), std::string(info.plan_reason));
             }},
            {"get_info of nothing", [] { oaconv_get_info(nullptr, nullptr); }},
            {"get_info into nothing", [&] { oaconv_get_info(work.filter.get(), nullptr); }},
            {"convolve",
             [&] { expect_refused(oaconv_convolve(nullptr, work.in, work.out, 1), ARG); }},
            {"convolve from nothing",
             [&] {
                 expect_refused(oaconv_convolve(&work.request.config, nullptr, work.out, 1), ARG);
             }},
            {"convolve into nothing",
             [&] {
                 expect_refused(oaconv_convolve(&work.request.config, work.in, nullptr, 1), ARG);
             }},
            {"gpu_describe", [] { expect_refused(oaconv_gpu_describe(0, nullptr), ARG); }},
            {"gpu_measure", [&] { expect_refused(oaconv_gpu_measure(nullptr, 1, &rates), ARG); }},
            {"gpu_measure into nothing",
             [&] { expect_refused(oaconv_gpu_measure(work.filter.get(), 1, nullptr), ARG); }},
            {"import_wisdom", [] { CPPUNIT_ASSERT(!oaconv_import_wisdom(OAC_SINGLE, nullptr)); }},
            {"backend_usable", [] { CPPUNIT_ASSERT(oaconv_backend_usable(0, nullptr)); }},
        });
    }

    /* Where bytes overflow, a row that long exists nowhere: it must not be read. */
    void numbers_of_samples()
    {
        std::vector<Case> cases;
        for (const size_t n : {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / sizeof(float) + 1}) {
            cases.push_back(
                {say("process ", n), [n] {
                     AtWork work;
                     expect_refused(oaconv_process(work.filter.get(), work.in, work.out, n), LARGE);
                     expect_filtered(OAC_REAL, work.filter.get());
                 }});
            cases.push_back({say("finish ", n), [n] {
                                 AtWork work;
                                 expect_refused(
                                     oaconv_finish(work.filter.get(), work.in, work.out, n), ARG);
                                 expect_filtered(OAC_REAL, work.filter.get());
                             }});
            cases.push_back({say("read_tail ", n), [n] {
                                 AtWork work;
                                 expect_refused(oaconv_read_tail(work.filter.get(), work.out, n),
                                                ARG);
                             }});
            cases.push_back({say("convolve ", n), [n] {
                                 AtWork work;
                                 expect_status(
                                     oaconv_convolve(&work.request.config, work.in, work.out, n),
                                     {LARGE, MEMORY});
                             }});
            for (const size_t D : {1, 2, 3, 65536})
                cases.push_back(
                    {say("output_length ", n, " D=", D), [n, D] {
                         AtWork work(D);
                         oaconv *filter = work.filter.get();
                         CPPUNIT_ASSERT_EQUAL(n / D + (n % D > 0), oaconv_output_length(filter, n));
                         CPPUNIT_ASSERT_EQUAL(OAC_OK,
                                              oaconv_finish(filter, work.in, work.out, D > 1));
                         if (D > 1)
                             CPPUNIT_ASSERT_EQUAL((n - (D - 1)) / D + ((n - (D - 1)) % D > 0),
                                                  oaconv_output_length(filter, n));
                     }});
        }
        expect_to_survive(cases);
    }

    void numbers_and_names()
    {
        std::vector<Case> cases;
        for (const int precision : {-1, 2, INT_MAX})
            cases.push_back({say("wisdom of precision ", precision), [precision] {
                                 const auto unknown = static_cast<oaconv_precision>(precision);
                                 CPPUNIT_ASSERT(!oaconv_export_wisdom(unknown));
                                 CPPUNIT_ASSERT(!oaconv_import_wisdom(unknown, ""));
                             }});
        for (const std::string &wisdom :
             {std::string(), std::string("("), std::string(1 << 20, 'x')})
            cases.push_back({say("wisdom of ", wisdom.size()), [wisdom] {
                                 CPPUNIT_ASSERT(!oaconv_import_wisdom(OAC_SINGLE, wisdom.c_str()));
                                 CPPUNIT_ASSERT(!oaconv_import_wisdom(OAC_DOUBLE, wisdom.c_str()));
                             }});
        for (const int device : {INT_MIN, -2, INT_MAX})
            cases.push_back({say("gpu_describe ", device), [device] {
                                 oaconv_gpu gpu;
                                 expect_status(oaconv_gpu_describe(device, &gpu), {ARG, BACKEND});
                             }});
        for (const double seconds : {NOT_A_NUMBER, INFINITE, -INFINITE, -1.0, 1e300})
            cases.push_back({say("gpu_measure for ", seconds), [seconds] {
                                 AtWork work;
                                 oaconv_gpu_rates rates;
                                 expect_refused(
                                     oaconv_gpu_measure(work.filter.get(), seconds, &rates), ARG);
                             }});
        for (const int status : {INT_MIN, -1, 5, INT_MAX})
            cases.push_back({say("strerror ", status), [status] {
                                 CPPUNIT_ASSERT(
                                     *oaconv_strerror(static_cast<oaconv_status>(status)));
                             }});
        for (const size_t i : {oaconv_backend_count(), SIZE_MAX})
            cases.push_back({say("backend ", i), [i] {
                                 CPPUNIT_ASSERT(!oaconv_backend_name(i));
                                 CPPUNIT_ASSERT(!oaconv_backend_usable(i, nullptr));
                             }});
        for (const size_t max_hop : {size_t{0}, size_t{1}, SIZE_MAX})
            cases.push_back({say("set_max_hop ", max_hop), [max_hop] {
                                 Request request(OAC_REAL);
                                 const Handle filter = make(request.config);
                                 oaconv_set_max_hop(filter.get(), max_hop);
                                 CPPUNIT_ASSERT_EQUAL(
                                     OAC_OK,
                                     oaconv_taps_prepare(filter.get(), request.rows.data(), 2));
                                 CPPUNIT_ASSERT(oaconv_taps_swap(filter.get()));
                                 expect_filtered(OAC_REAL, filter.get());
                             }});
        cases.push_back({"half a planner lock", [] {
                             oaconv_set_planner_lock([](void *) {}, nullptr, nullptr);
                             Request request(OAC_REAL);
                             request.config.backend = "volk";
                             expect_filtered(OAC_REAL, make(request.config).get());
                         }});
        expect_to_survive(cases);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(extreme_calls);

} // namespace
