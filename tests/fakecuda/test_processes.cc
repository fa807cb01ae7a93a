/* SPDX-License-Identifier: GPL-3.0-or-later
 * The double stands in for NVIDIA's libraries in other processes, as their environment says. */
#include "process.h"
#include "test_support.h"

#include <dlfcn.h>
#include <map>

using namespace fakecuda_test;
using Environment = std::map<std::string, std::string>;

class Processes : public Device
{
    CPPUNIT_TEST_SUITE(Processes);
    CPPUNIT_TEST(environment);
    CPPUNIT_TEST(reports);
#ifdef FAKECUDA_TEST_LIBRARY
    CPPUNIT_TEST(libraries_that_are_loaded);
    CPPUNIT_TEST(preloaded);
#endif
    CPPUNIT_TEST_SUITE_END();

    const oac_test::Folder folder;

    std::string report_path() const
    {
        return folder.path() / "report";
    }

    /* What the probe prints, without and with the report that it leaves. */
    std::string print_of_probe(Environment environment) const
    {
        const oac_test::Outcome outcome = oac_test::run(FAKECUDA_TEST_PROBE, environment);
        return outcome.out.empty() ? "nothing" : outcome.out[0];
    }

    std::string report_of_probe(Environment environment) const
    {
        std::filesystem::remove(report_path());
        environment["FAKECUDA_REPORT"] = report_path();
        oac_test::run(FAKECUDA_TEST_PROBE, environment);
        return oac_test::read_file(report_path());
    }

public:
    void environment()
    {
        const std::string right = "right";
        CPPUNIT_ASSERT_EQUAL(right, print_of_probe({}));
        CPPUNIT_ASSERT_EQUAL(right, print_of_probe({{"FAKECUDA_ORDER", "eager"}}));
        CPPUNIT_ASSERT_EQUAL(right, print_of_probe({{"FAKECUDA_ORDER", "random:7"}}));
        CPPUNIT_ASSERT_EQUAL(std::string("cudaGetDeviceCount(&count) -> 100"),
                             print_of_probe({{"FAKECUDA_DEVICES", "0"}}));
        CPPUNIT_ASSERT_EQUAL(std::string("cudaSetDevice(0) -> 999"),
                             print_of_probe({{"FAKECUDA_FAIL_AT", "2"}}));
        CPPUNIT_ASSERT_EQUAL(
            std::string("cudaSetDevice(0) -> 700"),
            print_of_probe({{"FAKECUDA_FAIL_AT", "2"}, {"FAKECUDA_STICKY", "700"}}));
        CPPUNIT_ASSERT(right != print_of_probe({{"FAKECUDA_LIMIT", "500"}}));
        CPPUNIT_ASSERT(right != print_of_probe({{"FAKECUDA_LATE_AT", "22"}}));
        CPPUNIT_ASSERT(right != print_of_probe({{"FAKECUDA_HANG_AT", "22"}}));
    }

    void reports()
    {
        const std::string good = report_of_probe({});
        CPPUNIT_ASSERT_MESSAGE(
            good, good.find(" launches=1 violations=0 leaks=0\n") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(std::string("calls=1 launches=0 violations=0 leaks=0\n"),
                             report_of_probe({{"FAKECUDA_DEVICES", "0"}}));
        const std::string hung = report_of_probe({{"FAKECUDA_HANG_AT", "22"}});
        CPPUNIT_ASSERT_MESSAGE(
            hung,
            hung.find("; cudaStreamSynchronize: would block for ever (2 times)") !=
                std::string::npos);
        print_of_probe({{"FAKECUDA_REPORT", report_path()}});
        CPPUNIT_ASSERT_EQUAL(hung + good, oac_test::read_file(report_path()));
    }

#ifdef FAKECUDA_TEST_LIBRARY
    void libraries_that_are_loaded()
    {
        const long calls = fakecuda_calls();
        void *const library = dlopen(FAKECUDA_TEST_LIBRARY, RTLD_NOW | RTLD_LOCAL);
        CPPUNIT_ASSERT_MESSAGE(library ? "" : dlerror(), library);
        const auto run = reinterpret_cast<int (*)(const char **)>(dlsym(library, "run_sequence"));
        const char *wrong = "";
        CPPUNIT_ASSERT(run);
        CPPUNIT_ASSERT_MESSAGE(wrong, run(&wrong) == 0);
        CPPUNIT_ASSERT(fakecuda_calls() > calls + 30);
        CPPUNIT_ASSERT_EQUAL(1l, fakecuda_launches());
        CPPUNIT_ASSERT_EQUAL(0l, fakecuda_leaks());
    }

    void preloaded()
    {
        const std::string program = std::string(FAKECUDA_TEST_LOADER "' '") + FAKECUDA_TEST_LIBRARY;
        const std::string double_and_bodies = FAKECUDA_TEST_DOUBLE " " FAKECUDA_TEST_BODIES;
        for (const char *ptx : {"", FAKECUDA_TEST_PTX}) {
            std::filesystem::remove(report_path());
            const oac_test::Outcome outcome =
                oac_test::run(program,
                              {{"LD_PRELOAD", double_and_bodies},
                               {"ASAN_OPTIONS", "verify_asan_link_order=0"},
                               {"FAKECUDA_PTX", ptx},
                               {"FAKECUDA_REPORT", report_path()}});
            CPPUNIT_ASSERT_EQUAL(std::string("right"), outcome.out.at(0));
            const std::string report = oac_test::read_file(report_path());
            CPPUNIT_ASSERT_MESSAGE(
                report, report.find(" launches=1 violations=0 leaks=0\n") != std::string::npos);
        }
        const oac_test::Outcome without = oac_test::run(program, {});
        CPPUNIT_ASSERT(without.out.at(0) != "right");
    }
#endif
};
CPPUNIT_TEST_SUITE_REGISTRATION(Processes);
