/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads over channels: they change no bit, and go where the working thread goes. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <pthread.h>
#include <sched.h>
#include <thread>

using namespace oac_test;

class Threads : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(Threads);
    CPPUNIT_TEST(threads_do_not_show);
    CPPUNIT_TEST(threads_do_not_show_in_partitions);
    CPPUNIT_TEST(never_more_than_cores_or_channels);
    CPPUNIT_TEST(workers_follow_the_affinity_of_the_working_thread);
    CPPUNIT_TEST(workers_follow_the_priority_of_the_working_thread);
    CPPUNIT_TEST(workers_round_as_the_working_thread_does);
    CPPUNIT_TEST(workers_block_signals_but_not_faults);
    CPPUNIT_TEST_SUITE_END();

    /* Under sanitizers, where every channel takes a second or more, fewer. */
#ifdef OAC_SANITIZED
    static constexpr std::initializer_list<size_t> numbers_of_channels{1, 5}, few_channels{5};
#else
    static constexpr std::initializer_list<size_t> numbers_of_channels{1, 3, 17},
        few_channels{1, 2, 7};
#endif

    Random random{30};

    static size_t n_cores()
    {
        cpu_set_t cpus;
        CPPUNIT_ASSERT_EQUAL(0, pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus));
        return size_t(CPU_COUNT(&cpus));
    }

    /* The folders under /proc of the workers of this process. */
    static std::vector<std::filesystem::path> workers()
    {
        std::vector<std::filesystem::path> found;
        for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::string name;
            std::ifstream comm(task.path() / "comm");
            std::getline(comm, name);
            if (name == "oaconv worker")
                found.push_back(task.path());
        }
        return found;
    }

    /* Likewise, of n. The system lists those of an earlier filter for a moment after their end. */
    static std::vector<std::filesystem::path> workers(size_t n)
    {
        std::vector<std::filesystem::path> found = workers();
        for (int ms = 0; ms < 60000 && found.size() > n; ms++, found = workers())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        CPPUNIT_ASSERT_EQUAL(n, found.size());
        return found;
    }

    /* What the system says of a worker. */
    static std::string status_of(const std::filesystem::path &worker, const std::string &what)
    {
        const std::string key = what + ":\t";
        std::ifstream status(worker / "status");
        std::string line;
        while (std::getline(status, line))
            if (line.rfind(key, 0) == 0)
                return line.substr(key.size());
        return "";
    }

    /* Enough at once that all workers take part. */
    void filter_much(Filter &filter)
    {
        const size_t n = (size_t(1) << 18) / filter.info().hop * filter.info().hop;
        Rows y(filter.info().n_channels);
        Random cuts(1);
        filter.process(random.signal(filter.type(), y.size(), n), 0, n, y, cuts);
    }

    /* With every number of threads the same bits come, in pieces large enough to be shared and in
     * one too small for it. */
    void check_threads(const std::string &label, Spec spec, size_t M, size_t n_taps, size_t n)
    {
        const Rows taps = random.taps(spec.type, std::vector<size_t>(M, n_taps));
        const Rows x = random.signal(spec.type, M, n);
        Rows expected;
        for (const size_t threads : {1, 2, 3, 0}) {
            spec.threads = threads;
            Filter filter(spec, taps);
            const size_t hop = filter.info().hop, half = n / 2 / hop * hop;
            Random cuts(1);
            Rows y;
            filter.process(x, 0, half, y, cuts);
            filter.process(x, half, hop, y, cuts);
            const size_t left = n - half - hop, whole = left / hop * hop;
            filter.process(x, half + hop, whole, y, cuts);
            filter.finish(x, half + hop + whole, left - whole, y, cuts);
            filter.read_tail(filter.tail_length(), y);
            if (threads == 1)
                expected = y;
            else
                expect_same_bits(say(label, " M=", M, " threads=", threads), expected, y);
        }
    }

public:
    void threads_do_not_show()
    {
        for (const Kind &kind : kinds())
            for (const size_t M : numbers_of_channels)
                check_threads(kind.label,
                              {kind.type, kind.backend},
                              M,
                              kind.backend == std::string("direct") ? 9 : 64,
                              150000);
    }

    void threads_do_not_show_in_partitions()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const size_t M : few_channels)
                for (const ShortHop &c : {ShortHop{20, 1000}, ShortHop{256, 2000}}) {
                    const size_t D = kind.type.decimation, hop = D * c.hop;
                    check_threads(say(kind.label, " hop=", hop),
                                  {kind.type, kind.backend, 0, hop},
                                  M,
                                  D * c.n_taps,
                                  std::max<size_t>(30000, 9 * hop / 2));
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
        Filter filter({OAC_COMPLEX, "auto"}, random.taps(OAC_COMPLEX, std::vector<size_t>(16, 64)));
        cpu_set_t before, one;
        pthread_getaffinity_np(pthread_self(), sizeof before, &before);
        for (int core = CPU_SETSIZE - 1; core >= 0; core--) {
            if (!CPU_ISSET(core, &before))
                continue;
            CPU_ZERO(&one);
            CPU_SET(core, &one);
            CPPUNIT_ASSERT_EQUAL(0, pthread_setaffinity_np(pthread_self(), sizeof one, &one));
            filter_much(filter);
            for (const auto &worker : workers(filter.info().threads - 1))
                CPPUNIT_ASSERT_EQUAL(std::to_string(core), status_of(worker, "Cpus_allowed_list"));
        }
        pthread_setaffinity_np(pthread_self(), sizeof before, &before);
    }

    void workers_follow_the_priority_of_the_working_thread()
    {
        const sched_param real_time = {1}, ordinary = {0};
        if (n_cores() < 2 || pthread_setschedparam(pthread_self(), SCHED_FIFO, &real_time)) {
            std::cout
                << "skipped: priority of workers, it needs two cores and the right to raise it"
                << std::endl;
            return;
        }
        Filter filter({OAC_COMPLEX, "auto"}, random.taps(OAC_COMPLEX, std::vector<size_t>(16, 64)));
        for (const int policy : {SCHED_FIFO, SCHED_OTHER}) {
            pthread_setschedparam(
                pthread_self(), policy, policy == SCHED_FIFO ? &real_time : &ordinary);
            filter_much(filter);
            for (const auto &worker : workers(filter.info().threads - 1))
                CPPUNIT_ASSERT_EQUAL(policy, sched_getscheduler(std::stoi(worker.filename())));
        }
    }

    /* A library with fast mathematics sets them for a whole program. */
    void workers_round_as_the_working_thread_does()
    {
        for (const Kind &kind : kinds()) {
            Rows expected;
            const size_t n_taps = 9 * kind.type.decimation, M = 5;
            const Rows taps = random.taps(kind.type, std::vector<size_t>(M, n_taps));
            const Rows x = random.signal(kind.type, M, 20000);
            for (const size_t threads : {1, 3}) {
                Filter filter({kind.type, kind.backend, 0, 16, 0, threads}, taps);
                const size_t n = 20000 / filter.info().hop * filter.info().hop;
                Random cuts(1);
                Rows y;
                std::fesetround(FE_UPWARD);
                filter.process(x, 0, n, y, cuts);
                std::fesetround(FE_TONEAREST);
                if (threads == 1)
                    expected = y;
                else
                    expect_same_bits(kind.label, expected, y);
            }
        }
    }

    void workers_block_signals_but_not_faults()
    {
        Filter filter({OAC_COMPLEX, "auto"}, random.taps(OAC_COMPLEX, std::vector<size_t>(16, 64)));
        filter_much(filter);
        for (const auto &worker : workers()) {
            const auto blocked = std::stoull(status_of(worker, "SigBlk"), nullptr, 16);
            const auto blocks = [&](int signal) { return (blocked >> (signal - 1) & 1) != 0; };
            CPPUNIT_ASSERT(blocks(SIGINT) && blocks(SIGTERM) && blocks(SIGALRM) && blocks(SIGCHLD));
            CPPUNIT_ASSERT(!blocks(SIGSEGV) && !blocks(SIGBUS) && !blocks(SIGFPE));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(Threads);
