/* SPDX-License-Identifier: GPL-3.0-or-later
 * A GPU may fail in any call, the stream may not: on the double of CUDA. */
#include "afresh.h"

#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <functional>
#include <oaconv/private/gpu_report.h>
#include <thread>

using namespace oac_test;

namespace
{

enum { UNKNOWN = 999, ILLEGAL_ADDRESS = 700, MEMORY_ALLOCATION = 2 };

const char *const orders[] = {"eager", "lazy", "random:3"};

/* A filter on the GPU for calls of about 100 samples, its log, and one channel to play. */
struct Stream {
    Log log;
    Random random{9};
    Rows x, y;
    size_t t = 0;
    Filter filter;

    Stream(const Type &type, const std::vector<size_t> &lengths, size_t n)
        : x(random.signal(type, 1, n)),
          filter({type, "gpu", 0, 1, 0, 1, 100, Log::write, &log}, random.taps(type, lengths))
    {
    }
    void play(size_t n)
    {
        play_piece(filter, x, t, n, y, random);
        t += n;
    }
};

class gpu_fault : public Faulty
{
    CPPUNIT_TEST_SUITE(gpu_fault);
    CPPUNIT_TEST(once);
    CPPUNIT_TEST(sticky);
    CPPUNIT_TEST(late);
    CPPUNIT_TEST(hang);
    CPPUNIT_TEST(oom);
    CPPUNIT_TEST(lost_and_opened_again);
    CPPUNIT_TEST(lost_with_new_taps_prepared);
    CPPUNIT_TEST(freed_while_a_hang_is_not_noticed);
    CPPUNIT_TEST(a_hang_outlives_a_fault_that_passes);
    CPPUNIT_TEST(lost_then_prepared_then_opened_again);
    CPPUNIT_TEST(refused_taps_are_no_lasting_loss);
    CPPUNIT_TEST(a_failed_measurement_loses_the_gpu);
    CPPUNIT_TEST_SUITE_END();

    static const std::vector<GpuCase> &cases()
    {
        static const std::vector<GpuCase> list{
            {OAC_REAL, {37, 5, 20}, 3, 60, 700},
            {OAC_COMPLEX, {12}, 2, 8000, 9000},
            {{OAC_REAL, OAC_SINGLE, 3}, {37, 5, 20}, 3, 60, 500}};
        return list;
    }

    /* Complete and right it is, or play_case() would have failed. */
    static void expect_one_line(const std::string &label, const Outcome &outcome)
    {
        if (outcome.refused) {
            CPPUNIT_ASSERT_MESSAGE(label, !outcome.message.empty());
            return;
        }
        const bool lost = outcome.info.gpu_losses > 0;
        CPPUNIT_ASSERT_MESSAGE(label, outcome.info.gpu_losses <= 1);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{lost}, outcome.log.errors.size());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, lost, outcome.backend != "cuda");
        if (lost)
            CPPUNIT_ASSERT_MESSAGE(outcome.reason,
                                   outcome.reason.find("lost") != std::string::npos);
    }

    static bool says(const Outcome &outcome, const std::string &what)
    {
        const std::string text = outcome.refused              ? outcome.message
                                 : outcome.log.errors.empty() ? ""
                                                              : outcome.log.errors[0];
        return text.find(what) != std::string::npos;
    }

    struct Sweep {
        std::function<void(long call)> fault;
        bool may_leak;        /* what a lost GPU holds */
        std::string says;     /* in the line or the refusal; "": the name of the call */
        const char *patience; /* seconds */
    };

    static Outcome play_impatiently(const GpuCase &c, const char *seconds)
    {
        const Patience patience(seconds);
        return play_case(c, "gpu", 1);
    }

    /* The fault in every call of a run, one run each. */
    static void sweep(const GpuCase &c, const Sweep &sweep)
    {
        fakecuda_wipe();
        fakecuda_reset("lazy");
        play_case(c, "gpu", 1);
        const long n_calls = fakecuda_calls();
        long n_lost = 0, n_refused = 0;
        for (long call = 1; call <= n_calls; call++) {
            const std::string label = say(c.label(), ", call ", call, " of ", n_calls);
            fakecuda_reset(orders[call % 3]);
            sweep.fault(call);
            const Outcome outcome = play_impatiently(c, sweep.patience);
            const std::string name = fakecuda_call_name(call);
            expect_one_line(label + " " + name, outcome);
            n_lost += outcome.info.gpu_losses > 0;
            n_refused += outcome.refused;
            if (outcome.refused || outcome.info.gpu_losses > 0)
                CPPUNIT_ASSERT_MESSAGE(label + " " + name + ": " + outcome.message,
                                       says(outcome, sweep.says.empty() ? name : sweep.says));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                label + ": " + fakecuda_report(), 0L, fakecuda_violations());
            if (!sweep.may_leak)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label, 0L, fakecuda_leaks());
            start_afresh();
        }
        CPPUNIT_ASSERT_MESSAGE(say(c.label(), ": lost in ", n_lost, ", refused in ", n_refused),
                               n_lost > 10 && n_refused > 10);
    }

    static void sweep_all(const Sweep &s)
    {
        for (const GpuCase &c : cases())
            sweep(c, s);
    }

    /* A hang, and then a fault in call number `failing` of all that follow; says how many did. */
    static long hang_then_fail_once(long failing)
    {
        fakecuda_reset("eager"); /* nothing but what hangs is under way */
        const Patience patience("0.1");
        Stream s(OAC_REAL, {50}, 450);
        const Rows taps = s.random.taps(OAC_REAL, {60});
        s.filter.prepare(taps);
        CPPUNIT_ASSERT(s.filter.swap()); /* the next prepare frees what served before */
        fakecuda_hang(fakecuda_calls() + 3);
        s.play(150);
        const long before = fakecuda_calls();
        fakecuda_fail_once(before + failing, UNKNOWN);
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_reopen(s.filter.handle()));
        s.filter.prepare(s.random.taps(OAC_REAL, {70}));
        const long n_calls = fakecuda_calls() - before;
        s.play(300);
        s.filter.finish(s.x, s.t, 0, s.y, s.random);
        s.filter.read_tail(s.filter.tail_length(), s.y);
        CPPUNIT_ASSERT_EQUAL(uint64_t{1}, s.filter.info().gpu_losses);
        expect_close("a hang, then a fault",
                     OAC_REAL,
                     respond(OAC_REAL, s.x, s.t, {{0, taps, s.filter.info().n_fft}}),
                     s.y);
        return n_calls;
    }

public:
    void once()
    {
        sweep_all({[](long call) { fakecuda_fail_once(call, UNKNOWN); }, false, "", "60"});
    }

    void sticky()
    {
        sweep_all(
            {[](long call) { fakecuda_fail_sticky(call, ILLEGAL_ADDRESS); }, true, "->", "60"});
    }

    void late()
    {
        sweep_all({[](long call) { fakecuda_fail_late(call, ILLEGAL_ADDRESS); },
                   true,
                   "cudaErrorIllegalAddress",
                   "60"});
    }

    void hang()
    {
        sweep_all({[](long call) { fakecuda_hang(call); }, true, "no answer", "0.02"});
    }

    /* Less and less memory: shorter units first, then a refusal that names both numbers. */
    void oom()
    {
        for (const GpuCase &c : cases()) {
            fakecuda_reset("lazy");
            const Outcome whole = play_case(c, "gpu", 1);
            size_t least = whole.info.device_bytes;
            for (size_t limit = whole.info.device_bytes + 4096; limit > 0;
                 limit = limit * 15 / 16) {
                fakecuda_reset("lazy");
                fakecuda_limit(limit);
                const Outcome outcome = play_case(c, "gpu", 1);
                const std::string label = say(c.label(), ", ", limit, " bytes: ", outcome.message);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label + fakecuda_report(), 0L, fakecuda_violations());
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label, 0L, fakecuda_leaks());
                if (outcome.refused) {
                    CPPUNIT_ASSERT_MESSAGE(label, says(outcome, "needed"));
                    CPPUNIT_ASSERT_MESSAGE(label, says(outcome, say(limit, " are free")));
                } else {
                    CPPUNIT_ASSERT_MESSAGE(label, outcome.info.device_bytes <= limit);
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, std::string("cuda"), outcome.backend);
                    least = outcome.info.device_bytes;
                }
            }
            if (c.batch > 1000)
                CPPUNIT_ASSERT_MESSAGE(c.label(), least < whole.info.device_bytes);
        }
    }

    /* Lost in one stream, won back with the same taps, lost again. */
    void lost_and_opened_again()
    {
        for (const size_t D : {1, 2, 8, 100})
            lose_and_open_again({OAC_REAL, OAC_SINGLE, D});
    }

    static void lose_and_open_again(const Type &type)
    {
        Log log;
        Random random(9);
        const Rows taps = random.taps(type, {50, 3}), x = random.signal(type, 2, 900);
        fakecuda_reset("lazy");
        Rows given = taps;
        Filter filter({type, "gpu", 0, 1, 0, 1, 100, Log::write, &log}, given);
        given = random.taps(type, {50, 3}); /* no longer the filter's */
        Rows y;
        const char *expected[] = {"cuda", "", "cuda", "", "cuda", "cuda"};
        for (size_t piece = 0; piece < 6; piece++) {
            if (*expected[piece] && piece > 0) {
                fakecuda_reset("lazy");
                CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_gpu_reopen(filter.handle()));
            } else if (!*expected[piece]) {
                fakecuda_fail_once(fakecuda_calls() + 3, UNKNOWN);
            }
            play_piece(filter, x, 150 * piece, 150, y, random);
            const std::string backend = filter.info().backend;
            CPPUNIT_ASSERT_EQUAL(*expected[piece] != 0, backend == "cuda");
        }
        filter.finish(x, 900, 0, y, random);
        filter.read_tail(filter.tail_length(), y);
        CPPUNIT_ASSERT_EQUAL(size_t{2}, log.errors.size());
        CPPUNIT_ASSERT_EQUAL(uint64_t{2}, filter.info().gpu_losses);
        expect_close("lost and opened again",
                     type,
                     respond(type, x, 900, {{0, taps, filter.info().n_fft}}),
                     y);
    }

    /* Neither taps prepared before the loss nor those prepared after it are lost with it. */
    void lost_with_new_taps_prepared()
    {
        for (const size_t D : {1, 3})
            for (const bool before : {true, false})
                lose_with_new_taps_prepared({OAC_COMPLEX, OAC_SINGLE, D}, before);
    }

    static void lose_with_new_taps_prepared(const Type &type, bool before)
    {
        Random random(4);
        const Rows taps = random.taps(type, {20}), next = random.taps(type, {90});
        const Rows x = random.signal(type, 1, 600);
        Log log;
        fakecuda_reset("lazy");
        Filter filter({type, "gpu", 0, 1, 0, 1, 100, Log::write, &log}, taps);
        Rows y;
        if (before)
            filter.prepare(next);
        play_piece(filter, x, 0, 100, y, random);
        fakecuda_fail_sticky(fakecuda_calls() + 2, ILLEGAL_ADDRESS);
        play_piece(filter, x, 100, 200, y, random);
        if (!before)
            filter.prepare(next);
        CPPUNIT_ASSERT(filter.swap());
        play_piece(filter, x, 300, 300, y, random);
        filter.finish(x, 600, 0, y, random);
        filter.read_tail(filter.tail_length(), y);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, log.errors.size());
        const size_t n_fft = filter.info().n_fft;
        expect_close("lost with new taps prepared",
                     type,
                     respond(type, x, 600, {{0, taps, n_fft}, {300, next, n_fft}}),
                     y);
    }

    /* To free anything would wait for what hangs, though nobody knows yet that it does. */
    void freed_while_a_hang_is_not_noticed()
    {
        const Patience patience("2"); /* and what hangs is met before they are over */
        Stream s(OAC_REAL, {50}, 1500);
        s.filter.prepare(s.random.taps(OAC_REAL, {60}));
        CPPUNIT_ASSERT(s.filter.swap()); /* the next prepare frees what served before */
        const long hanging = fakecuda_calls() + 3;
        fakecuda_hang(hanging);
        std::thread work([&s] { s.play(150); });
        while (fakecuda_calls() < hanging)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        s.filter.prepare(s.random.taps(OAC_REAL, {70}));
        work.join();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), 0L, fakecuda_violations());
        CPPUNIT_ASSERT_EQUAL(uint64_t{1}, s.filter.info().gpu_losses);
    }

    /* Nothing may block on what still hangs: neither a reopen nor what a prepare frees. */
    void a_hang_outlives_a_fault_that_passes()
    {
        const long n_calls = hang_then_fail_once(0); /* none fails */
        for (long call = 1; call <= n_calls; call++) {
            start_afresh();
            hang_then_fail_once(call);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                say("call ", call, ": ", fakecuda_report()), 0L, fakecuda_violations());
        }
    }

    void lost_then_prepared_then_opened_again()
    {
        Stream s(OAC_REAL, {50}, 1500);
        fakecuda_fail_once(fakecuda_calls() + 3, UNKNOWN);
        s.play(150);
        fakecuda_reset("lazy");
        s.filter.prepare(s.random.taps(OAC_REAL, {20}));
        CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_gpu_reopen(s.filter.handle()));
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), std::string(s.filter.info().backend));
        CPPUNIT_ASSERT(s.filter.swap());
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), std::string(s.filter.info().backend));
        CPPUNIT_ASSERT_EQUAL(uint64_t{1}, s.filter.info().gpu_losses);
        CPPUNIT_ASSERT_EQUAL(size_t{1}, s.log.errors.size());
    }

    void refused_taps_are_no_lasting_loss()
    {
        Stream s(OAC_REAL, {50}, 1500);
        fakecuda_limit(s.filter.info().device_bytes + 10000);
        s.filter.prepare(s.random.taps(OAC_REAL, {30000}));
        CPPUNIT_ASSERT(s.filter.swap());
        CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND, oaconv_gpu_reopen(s.filter.handle()));
        CPPUNIT_ASSERT(std::string(s.filter.info().backend) != "cuda");
        fakecuda_limit(size_t{1} << 30);
        s.filter.prepare(s.random.taps(OAC_REAL, {50}));
        CPPUNIT_ASSERT(s.filter.swap());
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), std::string(s.filter.info().backend));
    }

    void a_failed_measurement_loses_the_gpu()
    {
        Stream s(OAC_COMPLEX, {50}, 1500);
        oaconv_gpu_rates rates;
        for (const long call : {2, 30}) {
            fakecuda_reset("lazy");
            CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_gpu_reopen(s.filter.handle()));
            fakecuda_fail_once(fakecuda_calls() + call, UNKNOWN);
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_BACKEND,
                                 oaconv_gpu_measure(s.filter.handle(), 1e-4, &rates));
            CPPUNIT_ASSERT(std::string(s.filter.info().backend) != "cuda");
            s.play(150);
        }
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), 0L, fakecuda_violations());
        CPPUNIT_ASSERT_EQUAL(size_t{2}, s.log.errors.size());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_fault);

} // namespace
