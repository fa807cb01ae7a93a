/* SPDX-License-Identifier: GPL-3.0-or-later
 * Where the system gives fewer threads than a filter asks for, or none, it filters with those, to
 * the same bits, and the log says so once. */
#include "child.h"
#include "compare.h"
#include "filter.h"

#include <cppunit/extensions/HelperMacros.h>
#include <iostream>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace oac_test;

namespace
{

class few_threads : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(few_threads);
    CPPUNIT_TEST(none_of_processes);
    CPPUNIT_TEST(some_of_processes);
    CPPUNIT_TEST(none_of_memory);
    CPPUNIT_TEST_SUITE_END();

    static constexpr size_t M = 5, n = 40000;

    static bool has_cores(int n_cores, const char *what)
    {
        cpu_set_t cpus;
        const bool enough =
            !sched_getaffinity(0, sizeof cpus, &cpus) && CPU_COUNT(&cpus) >= n_cores;
        if (!enough)
            std::cout << "skipped: " << what << ", it needs " << n_cores << " cores" << std::endl;
        return enough;
    }

    /* As a user who has no other processes; root has no limit. */
    static void limit_processes(rlim_t most)
    {
        if (geteuid() == 0)
            CPPUNIT_ASSERT_EQUAL(0, setuid(uid_t(60000 + getpid() % 4000)));
        const rlimit limit{most, most};
        CPPUNIT_ASSERT_EQUAL(0, setrlimit(RLIMIT_NPROC, &limit));
    }

    static Rows filter_all(Filter &filter, const Rows &x)
    {
        Random cuts(1);
        Rows y;
        const size_t whole = n / filter.info().hop * filter.info().hop;
        filter.process(x, 0, whole, y, cuts);
        filter.finish(x, whole, n - whole, y, cuts);
        return y;
    }

    /* With this limit there are so many threads. */
    static void check(const std::string &label, size_t threads, const std::function<void()> &limit)
    {
        for (const Kind &kind : cpu_kinds()) {
            Random random(7);
            const Rows taps = random.taps(kind.type, std::vector<size_t>(M, 50));
            const Rows x = random.signal(kind.type, M, n);
            Filter alone({kind.type, kind.backend, 0, 16, 0, 1}, taps);
            const Rows expected = filter_all(alone, x);
            in_child(say(label, ", ", kind.label), [&] {
                limit();
                std::vector<std::string> log;
                Spec spec{kind.type, kind.backend, 0, 16, 0, 3};
                spec.log = [](void *lines, oaconv_log_level, const char *line) {
                    static_cast<std::vector<std::string> *>(lines)->push_back(line);
                };
                spec.log_context = &log;
                for (int i = 0; i < 2; i++) {
                    Filter filter(spec, taps);
                    CPPUNIT_ASSERT_EQUAL(threads, filter.info().threads);
                    expect_same_bits(label, expected, filter_all(filter, x));
                    CPPUNIT_ASSERT_EQUAL(size_t{1}, log.size());
                    CPPUNIT_ASSERT_MESSAGE(log[0], log[0].find("threads") != std::string::npos);
                }
            });
        }
    }

public:
    void none_of_processes()
    {
        if (has_cores(2, "no more processes"))
            check("no more processes", 1, [] { limit_processes(0); });
    }

    void some_of_processes()
    {
        if (!has_cores(3, "one more process"))
            return;
        if (geteuid() == 0)
            check("one more process", 2, [] { limit_processes(2); });
        else
            std::cout << "skipped: one more process, it needs root" << std::endl;
    }

    void none_of_memory()
    {
        if (has_cores(2, "no stack for a thread"))
            check("no stack for a thread", 1, [] {
                pthread_attr_t attributes;
                pthread_attr_init(&attributes);
                CPPUNIT_ASSERT_EQUAL(0, pthread_attr_setstacksize(&attributes, size_t(1) << 46));
                CPPUNIT_ASSERT_EQUAL(0, pthread_setattr_default_np(&attributes));
            });
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(few_threads);

} // namespace
