/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads over channels: they change no bit, and go where the working thread goes. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <pthread.h>
#include <sched.h>

using namespace oac_test;

class Threads : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(Threads);
    CPPUNIT_TEST(threads_do_not_show);
    CPPUNIT_TEST(never_more_than_cores_or_channels);
    CPPUNIT_TEST(workers_follow_the_affinity_of_the_working_thread);
    CPPUNIT_TEST_SUITE_END();

    Random random{30};

    static size_t n_cores()
    {
        cpu_set_t cpus;
        CPPUNIT_ASSERT_EQUAL(0, pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus));
        return size_t(CPU_COUNT(&cpus));
    }

    /* The cores that each worker of this process may run on, as the system writes them. */
    static std::vector<std::string> cores_of_workers()
    {
        std::vector<std::string> cores;
        for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name, line;
            std::getline(std::ifstream(task.path() / "comm") >> std::ws, name);
            if (name != "oaconv worker")
                continue;
            std::ifstream status(task.path() / "status");
            while (std::getline(status, line))
                if (line.rfind("Cpus_allowed_list:", 0) == 0)
                    cores.push_back(line.substr(line.find('\t') + 1));
        }
        return cores;
    }

public:
    void threads_do_not_show()
    {
        const size_t n = 150000;
        for (const Kind &kind : kinds())
            for (const size_t M : {1, 3, 17}) {
                const std::vector<size_t> lengths(M,
                                                  kind.backend == std::string("direct") ? 9 : 64);
                const Rows taps = random.taps(kind.type, lengths);
                const Rows x = random.signal(kind.type, M, n);
                Rows expected;
                for (const size_t threads : {1, 2, 3, 0}) {
                    Spec spec{kind.type, kind.backend};
                    spec.threads = threads;
                    Filter filter(spec, taps);
                    Random cuts(1); /* the same pieces, some large and some small */
                    const Rows y = play(filter, x, n, cuts);
                    if (threads == 1)
                        expected = y;
                    else
                        expect_same_bits(
                            say(kind.label, " M=", M, " threads=", threads), expected, y);
                }
            }
    }

    void never_more_than_cores_or_channels()
    {
        for (const size_t M : {1, 2, 5, 100})
            for (const size_t threads : {0, 1, 2, 1000}) {
                Spec spec{OAC_COMPLEX, "auto"};
                spec.threads = threads;
                const Filter filter(spec, random.taps(OAC_COMPLEX, std::vector<size_t>(M, 3)));
                const size_t asked = threads ? threads : n_cores();
                CPPUNIT_ASSERT_EQUAL(std::min({asked, n_cores(), M}), filter.info().threads);
            }
    }

    void workers_follow_the_affinity_of_the_working_thread()
    {
        if (n_cores() < 2) {
            std::cout << "skipped: affinity of workers, there is one core only" << std::endl;
            return;
        }
        const size_t M = 16, n = 1 << 18;
        Filter filter({OAC_COMPLEX, "auto"}, random.taps(OAC_COMPLEX, std::vector<size_t>(M, 64)));
        const Rows x = random.signal(OAC_COMPLEX, M, n);
        cpu_set_t before, one;
        pthread_getaffinity_np(pthread_self(), sizeof before, &before);
        for (int core = CPU_SETSIZE - 1; core >= 0; core--) {
            if (!CPU_ISSET(core, &before))
                continue;
            CPU_ZERO(&one);
            CPU_SET(core, &one);
            CPPUNIT_ASSERT_EQUAL(0, pthread_setaffinity_np(pthread_self(), sizeof one, &one));
            Rows y(M);
            Random cuts(1);
            filter.process(x, 0, n / filter.info().hop * filter.info().hop, y, cuts);
            const std::vector<std::string> cores = cores_of_workers();
            CPPUNIT_ASSERT_EQUAL(filter.info().threads - 1, cores.size());
            for (const std::string &c : cores)
                CPPUNIT_ASSERT_EQUAL(std::to_string(core), c);
        }
        pthread_setaffinity_np(pthread_self(), sizeof before, &before);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(Threads);
