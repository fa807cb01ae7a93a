/* SPDX-License-Identifier: GPL-3.0-or-later
 * After fork() a child filters on with every filter, to the same bits, or is told that it cannot;
 * it waits for no thread that it does not have. */
#include "child.h"
#include "compare.h"
#include "filter.h"

#include <atomic>
#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <iostream>
#include <mutex>
#include <thread>

using namespace oac_test;

namespace
{

/* Does something over and over in a thread of its own. */
class Busy
{
public:
    explicit Busy(const std::function<void()> &work)
        : d_thread([this, work] {
              while (!d_stopping)
                  work();
          })
    {
    }
    ~Busy()
    {
        d_stopping = true;
        d_thread.join();
    }

private:
    std::atomic<bool> d_stopping{false};
    std::thread d_thread;
};

/* A filter whose calls all have the same samples, and enough of them that threads share the work:
 * but for the first, all give the same. */
class Steady
{
public:
    Steady(const Kind &kind, size_t threads)
        : taps(Random(4).taps(kind.type, std::vector<size_t>(3, 9 * kind.type.decimation))),
          filter({kind.type, kind.backend, 0, 16, 0, threads}, taps),
          n((size_t(1) << 14) / filter.info().hop * filter.info().hop),
          x(Random(5).signal(kind.type, 3, n)), in(kind.type.precision, x),
          out(kind.type.precision,
              Rows(3, Row(oaconv_output_length(filter.handle(), n) * sample_width(kind.type))))
    {
        from = {in.at(0), in.at(1), in.at(2)};
        to = out.pointers();
        CPPUNIT_ASSERT_EQUAL(size_t{0}, n % kind.type.decimation);
        first = call();
        later = call();
    }

    /* What the next call gives. */
    Rows call()
    {
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_process(filter.handle(), from.data(), to.data(), n));
        return out.rows();
    }

    /* Its words where it is refused, else "". */
    std::string try_call()
    {
        const auto status = oaconv_process(filter.handle(), from.data(), to.data(), n);
        return status == OAC_OK ? "" : oaconv_last_error();
    }

    size_t taps_in_a_row() const { return taps[0].size() / tap_width(filter.type()); }

    Rows taps;
    Filter filter;
    size_t n;
    Rows x;
    Buffers in, out;
    std::vector<const void *> from;
    std::vector<void *> to;
    Rows first, later; /* what calls give */
};

class forked : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(forked);
    CPPUNIT_TEST(a_child_goes_on);
    CPPUNIT_TEST(a_child_makes_filters_with_threads);
    CPPUNIT_TEST(a_call_under_way_goes_on_or_is_refused);
    CPPUNIT_TEST(a_prepare_under_way_holds_up_no_child);
    CPPUNIT_TEST(planning_under_way_holds_up_no_child);
    CPPUNIT_TEST(a_planner_lock_that_is_taken_holds_up_no_child);
    CPPUNIT_TEST_SUITE_END();

    /* In the child its allocator's locks may be taken for ever. */
    static bool under_a_sanitizer()
    {
#ifdef OAC_SANITIZED
        std::cout << "skipped: fork() beside threads at work, the sanitizer may hang" << std::endl;
        return true;
#else
        return false;
#endif
    }

    /* Taps that need an FFT which nobody has planned yet; so do those of a child. */
    static std::atomic<size_t> fresh;
    static Rows fresh_taps()
    {
        return {Row(2 * (1000 + 37 * fresh++ % 40000), 0.25)};
    }

    static void make_fresh(const Kind &kind)
    {
        const Filter made({kind.type, kind.backend, 2}, fresh_taps());
        CPPUNIT_ASSERT(made.info().n_taps > 0);
    }

public:
    void a_child_goes_on()
    {
        for (const Kind &kind : cpu_kinds())
            for (const size_t threads : {1, 3}) {
                const std::string label = say(kind.label, " threads=", threads);
                Steady s(kind, threads);
                s.filter.prepare(s.taps);
                in_child(label, [&] {
                    expect_same_bits("next call", s.later, s.call());
                    CPPUNIT_ASSERT_EQUAL(size_t{1}, s.filter.info().threads);
                    CPPUNIT_ASSERT(s.filter.swap());
                    s.filter.prepare(s.taps);
                    CPPUNIT_ASSERT(s.filter.swap());
                    s.filter.reset();
                    expect_same_bits("after a reset", s.first, s.call());
                    Rows tail;
                    Random cuts(6);
                    s.filter.finish(s.x, 0, 0, tail, cuts);
                    s.filter.read_tail(s.filter.tail_length(), tail);
                    CPPUNIT_ASSERT_EQUAL(kept(kind.type, s.n + s.taps_in_a_row() - 1) -
                                             kept(kind.type, s.n),
                                         tail[0].size() / sample_width(kind.type));
                    oaconv_destroy(s.filter.handle());
                });
                expect_same_bits(label + ", parent", s.later, s.call());
                CPPUNIT_ASSERT(s.filter.swap());
            }
    }

    void a_child_makes_filters_with_threads()
    {
        for (const Kind &kind : cpu_kinds()) {
            const Steady s(kind, 3);
            const size_t n_threads = s.filter.info().threads;
            in_child(kind.label, [&] {
                Steady own(kind, 3);
                CPPUNIT_ASSERT_EQUAL(n_threads, own.filter.info().threads);
                expect_same_bits("a child's own", s.first, own.first);
                in_child("a child's child",
                         [&] { expect_same_bits("its next call", own.later, own.call()); });
                expect_same_bits("next call", own.later, own.call());
            });
        }
    }

    void a_call_under_way_goes_on_or_is_refused()
    {
        if (under_a_sanitizer())
            return;
        for (const Kind &kind : cpu_kinds())
            for (const size_t threads : {1, 3}) {
                Steady s(kind, threads);
                const Busy busy([&] { CPPUNIT_ASSERT(s.try_call().empty()); });
                for (int i = 0; i < 10; i++) {
                    in_child(say(kind.label, " threads=", threads, " fork ", i), [&] {
                        const std::string refusal = s.try_call();
                        if (refusal.empty()) {
                            expect_same_bits("next call", s.later, s.out.rows());
                            s.filter.prepare(s.taps);
                            CPPUNIT_ASSERT(s.filter.swap());
                        } else {
                            expect_refused(s, refusal);
                        }
                        oaconv_destroy(s.filter.handle());
                    });
                }
            }
    }

    static void expect_refused(Steady &s, const std::string &refusal)
    {
        oaconv *f = s.filter.handle();
        CPPUNIT_ASSERT_MESSAGE(refusal, refusal.find("fork()") != std::string::npos);
        const TapRows rows(s.filter.type(), s.taps);
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_taps_prepare(f, rows.data(), rows.size()));
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_finish(f, nullptr, nullptr, 0));
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_reopen(f));
        CPPUNIT_ASSERT(!oaconv_taps_swap(f));
        oaconv_reset(f);
        CPPUNIT_ASSERT_EQUAL(refusal, s.try_call());
    }

    void a_prepare_under_way_holds_up_no_child()
    {
        if (under_a_sanitizer())
            return;
        for (const Kind &kind : cpu_kinds()) {
            Steady s(kind, 3);
            const Busy busy([&] { s.filter.prepare(s.taps); });
            for (int i = 0; i < 10; i++)
                in_child(say(kind.label, " fork ", i), [&] {
                    s.filter.prepare(s.taps);
                    CPPUNIT_ASSERT(s.filter.swap());
                    s.filter.reset();
                    expect_same_bits("first call", s.first, s.call());
                    oaconv_destroy(s.filter.handle());
                });
        }
    }

    void planning_under_way_holds_up_no_child()
    {
        if (under_a_sanitizer())
            return;
        for (const Kind &kind : cpu_kinds()) {
            if (kind.type != OAC_COMPLEX)
                continue;
            const Busy busy([&] { make_fresh(kind); }), other([&] { make_fresh(kind); });
            for (int i = 0; i < 5; i++)
                in_child(say(kind.label, " fork ", i), [&] { make_fresh(kind); });
        }
    }

    /* By a program that plans on its own. */
    void a_planner_lock_that_is_taken_holds_up_no_child()
    {
        std::mutex mutex;
        oaconv_set_planner_lock([](void *lock) { static_cast<std::mutex *>(lock)->lock(); },
                                [](void *lock) { static_cast<std::mutex *>(lock)->unlock(); },
                                &mutex);
        {
            const Busy busy([&] {
                const std::lock_guard<std::mutex> lock(mutex);
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            });
            for (int i = 0; i < 5; i++)
                in_child(say("fork ", i), [&] { make_fresh(kinds_of("volk").at(0)); });
        }
        oaconv_set_planner_lock(nullptr, nullptr, nullptr);
    }
};

std::atomic<size_t> forked::fresh{0};

CPPUNIT_TEST_SUITE_REGISTRATION(forked);

} // namespace
