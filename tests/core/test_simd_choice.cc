/* SPDX-License-Identifier: GPL-3.0-or-later
 * OACONV_SIMD names the kernels of backend "simd"; without it the fastest run. */
#include "process.h"
#include "signals.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>
#include <iostream>

using namespace oac_test;

namespace
{

/* What follows the key in the first line that begins with it; "" where there is none. */
std::string value(const Outcome &outcome, const std::string &key)
{
    for (const std::string &line : outcome.out)
        if (line.rfind(key, 0) == 0)
            return line.substr(key.size());
    return "";
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

class simd_choice : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(simd_choice);
    CPPUNIT_TEST(kernel_is_the_one_that_is_named);
    CPPUNIT_TEST(without_a_name_some_kernel_runs);
    CPPUNIT_TEST(unknown_name_leaves_no_kernel);
    CPPUNIT_TEST_SUITE_END();

    static Outcome probe(const std::string &kernel)
    {
        return run(OAC_PROBE, {{"OACONV_COST_TABLE", "nominal"}, {"OACONV_SIMD", kernel}});
    }

    void expect_usable(const Outcome &outcome, const std::string &kernel)
    {
        const std::string reason = value(outcome, "usable simd: ");
        CPPUNIT_ASSERT_MESSAGE(kernel, outcome.good && outcome.err.empty());
        CPPUNIT_ASSERT_MESSAGE("\"" + reason + "\" lacks " + kernel, contains(reason, kernel));
        CPPUNIT_ASSERT_MESSAGE(kernel, value(outcome, "plan simd: ").rfind("simd ", 0) == 0);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(kernel, std::string(), value(outcome, "refused "));
    }

    void expect_unusable(const Outcome &outcome, const std::string &kernel)
    {
        const std::string reason = value(outcome, "unusable simd: "),
                          refusal = value(outcome, "refused simd: ");
        CPPUNIT_ASSERT_MESSAGE(kernel, outcome.good && outcome.err.empty());
        CPPUNIT_ASSERT_MESSAGE(reason, contains(reason, "OACONV_SIMD"));
        CPPUNIT_ASSERT_MESSAGE(reason, contains(reason, "\"" + kernel + "\""));
        CPPUNIT_ASSERT_MESSAGE(refusal, refusal.rfind(say(OAC_ERR_BACKEND, " "), 0) == 0);
        CPPUNIT_ASSERT_MESSAGE(refusal, contains(refusal, "OACONV_SIMD"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(kernel, std::string(), value(outcome, "plan simd: "));
        CPPUNIT_ASSERT_MESSAGE(kernel, value(outcome, "plan auto: ").rfind("volk ", 0) == 0);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(kernel, std::string(), value(outcome, "refused auto"));
    }

public:
    void kernel_is_the_one_that_is_named()
    {
        for (const char *kernel : {"avx512", "avx2", "generic"}) {
            const Outcome outcome = probe(kernel);
            if (kernel == std::string("generic") || value(outcome, "unusable simd: ").empty()) {
                expect_usable(outcome, kernel);
                continue;
            }
            std::cout << "skipped: kernel " << kernel << ", this processor cannot run it"
                      << std::endl;
            expect_unusable(outcome, kernel);
        }
    }

    /* The plan is the same, whichever it is. */
    void without_a_name_some_kernel_runs()
    {
        const Outcome outcome = probe(""), generic = probe("generic");
        const std::vector<std::string> names{"avx512", "avx2", "generic"};
        const std::string reason = value(outcome, "usable simd: ");
        CPPUNIT_ASSERT_MESSAGE(
            reason, std::any_of(names.begin(), names.end(), [&reason](const std::string &name) {
                return contains(reason, name);
            }));
        CPPUNIT_ASSERT(!contains(reason, "OACONV_SIMD"));
        CPPUNIT_ASSERT(contains(value(generic, "usable simd: "), "OACONV_SIMD"));
        CPPUNIT_ASSERT_EQUAL(value(generic, "plan simd: "), value(outcome, "plan simd: "));
        for (const std::string &name : names) /* the fastest that can run */
            if (!value(probe(name), "usable simd: ").empty()) {
                CPPUNIT_ASSERT_MESSAGE(reason, contains(reason, name));
                break;
            }
    }

    void unknown_name_leaves_no_kernel()
    {
        for (const char *kernel : {"avx1024", "AVX2", "avx"})
            expect_unusable(probe(kernel), kernel);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(simd_choice);

} // namespace
