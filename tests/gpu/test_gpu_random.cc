/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random calls, on a GPU that fails at random in half of the runs: no sample is lost or changed. */
#include "afresh.h"

#include <algorithm>
#include <cppunit/Exception.h>
#include <cppunit/extensions/HelperMacros.h>
#include <future>
#include <mutex>
#include <optional>

using namespace oac_test;

namespace
{

constexpr size_t n_max = 4000; /* samples of one stream */

/* A log that two threads write to. */
struct SharedLog {
    std::mutex mutex;
    Log log;
    static void write(void *to, oaconv_log_level level, const char *line)
    {
        SharedLog *shared = static_cast<SharedLog *>(to);
        const std::lock_guard<std::mutex> guard(shared->mutex);
        Log::write(&shared->log, level, line);
    }
};

/* A filter, what has been done to it, and what it must have given. */
class Game
{
public:
    Game(unsigned seed, bool faulty) : d_draw(seed), d_cuts(seed + 1), d_faulty(faulty)
    {
        d_type = {all_types()[d_draw.below(3)], OAC_SINGLE, pick<size_t>({1, 1, 2, 3, 8, 100})};
        d_n_channels = d_draw.between(1, 4);
        d_order = pick<std::string>({"eager", "lazy", say("random:", seed)});
        setenv("OACONV_GPU_TIMEOUT", faulty ? "0.1" : "60", 1);
        fakecuda_reset(faulty ? "eager" : d_order.c_str()); /* which has nothing to wait for */
        const Rows taps = draw_taps();
        const size_t hop = pick<size_t>({0, 1, 8}), max_hop = hop ? 0 : 64;
        const size_t batch = pick<size_t>({1, 60, 500, 4000});
        note(say(d_order,
                 ", type ",
                 d_type.type,
                 ", D ",
                 d_type.decimation,
                 ", hop ",
                 hop,
                 ", batch ",
                 batch));
        d_filter.emplace(
            Spec{d_type, "gpu", d_n_channels, hop, max_hop, 1, batch, SharedLog::write, &d_log},
            taps);
        if (faulty)
            fakecuda_reset(d_order.c_str());
        begin_stream(taps);
    }

    const std::string &done() const { return d_done; }

    /* One call, and in some rounds new taps prepared by another thread meanwhile. */
    void round(bool threads)
    {
        const bool busy = threads && d_draw.below(3) == 0;
        const Rows taps = busy ? draw_taps() : Rows{};
        std::future<oaconv_status> other; /* waits in its destructor: after `taps` */
        if (busy) {
            note("meanwhile");
            other = std::async(std::launch::async, [this, &taps] { return prepare(taps); });
        }
        d_tail_read &&d_draw.below(2) ? reset() : call(busy);
        if (busy) {
            CPPUNIT_ASSERT_EQUAL(OAC_OK, other.get());
            d_prepared = taps;
        }
        check();
    }

    /* All that is left of the stream, and the comparison. */
    void end_stream()
    {
        if (!d_finished)
            work("finish", &Filter::finish, 0);
        while (d_filter->tail_length() > 0)
            d_filter->read_tail(d_draw.between(1, d_filter->tail_length()), d_y);
        for (Epoch &epoch : d_epochs)
            epoch.n_fft = d_n_fft;
        expect_close("stream", d_type, respond(d_type, d_x, d_t, d_epochs), d_y);
        d_tail_read = true;
    }

    void destroy()
    {
        d_filter.reset();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), 0L, fakecuda_violations());
        if (!d_faulty)
            CPPUNIT_ASSERT_EQUAL(0L, fakecuda_leaks());
    }

private:
    template <typename T>
    T pick(const std::vector<T> &list)
    {
        return list[d_draw.below(list.size())];
    }
    void note(const std::string &what) { d_done += what + "; "; }

    Rows draw_taps()
    {
        std::vector<size_t> lengths(d_draw.below(2) ? d_n_channels : 1);
        const size_t most = pick<size_t>({2, 40, 200, 700});
        for (size_t &length : lengths)
            length = d_draw.between(1, most);
        return d_draw.taps(d_type, lengths);
    }

    void begin_stream(const Rows &taps)
    {
        d_x = d_draw.signal(d_type, d_n_channels, n_max);
        d_y.assign(d_n_channels, {});
        d_epochs = {{0, taps, 0}};
        d_t = 0;
        d_finished = true;
        d_tail_read = false;
        check();
    }

    oaconv_status prepare(const Rows &taps)
    {
        const TapRows rows(d_type, taps);
        return oaconv_taps_prepare(d_filter->handle(), rows.data(), rows.size());
    }

    /* Some call; with `busy` only those that leave no doubt which taps serve next. */
    void call(bool busy)
    {
        static void (Game::*const calls[])() = {&Game::process,
                                                &Game::process,
                                                &Game::process,
                                                &Game::process,
                                                &Game::finish,
                                                &Game::read_tail,
                                                &Game::reset,
                                                &Game::reopen,
                                                &Game::plan_fault,
                                                &Game::plan_fault,
                                                /* busy up to here */ &Game::mend,
                                                &Game::prepare_here,
                                                &Game::prepare_here,
                                                &Game::swap,
                                                &Game::swap};
        (this->*calls[d_draw.below(busy ? 10 : 15)])();
    }

    using Work = void (Filter::*)(const Rows &, size_t, size_t, Rows &, Random &);
    void work(const char *name, Work what, size_t n)
    {
        if (d_tail_read || d_t + n > n_max)
            return;
        note(say(name, " ", n));
        d_finished = what == &Filter::finish;
        ((*d_filter).*what)(d_x, d_t, n, d_y, d_cuts);
        d_t += n;
    }
    void process()
    {
        const size_t hop = d_filter->info().hop,
                     n = d_draw.between(1, pick<size_t>({20, 500, 1500}));
        work("process", &Filter::process, (n + hop - 1) / hop * hop);
    }
    void finish() { work("finish", &Filter::finish, d_draw.below(d_filter->info().hop)); }

    void read_tail()
    {
        if (!d_finished || d_filter->tail_length() == 0 || d_draw.below(3))
            return;
        const size_t n = d_draw.between(1, d_filter->tail_length());
        note(say("read_tail ", n));
        d_filter->read_tail(n, d_y);
        d_tail_read = true;
    }

    void reset()
    {
        if (d_draw.below(2))
            end_stream();
        note("reset");
        d_filter->reset();
        begin_stream(Rows(d_epochs.back().taps));
    }

    void prepare_here()
    {
        d_prepared = draw_taps();
        note(say("prepare ", longest(d_type, d_prepared)));
        CPPUNIT_ASSERT_EQUAL(OAC_OK, prepare(d_prepared));
    }

    void swap()
    {
        if (d_tail_read) /* the oracle has no rule for it */
            return;
        note("swap");
        CPPUNIT_ASSERT_EQUAL(!d_prepared.empty(), d_filter->swap());
        if (!d_prepared.empty())
            d_epochs.push_back({d_t, d_prepared, 0});
        d_prepared.clear();
    }

    bool on_gpu() const { return d_filter->info().backend == std::string("cuda"); }

    void reopen()
    {
        note("reopen");
        const uint64_t losses = d_filter->info().gpu_losses;
        const oaconv_status status = oaconv_gpu_reopen(d_filter->handle());
        CPPUNIT_ASSERT_EQUAL(status == OAC_OK, on_gpu());
        CPPUNIT_ASSERT_EQUAL(losses, d_filter->info().gpu_losses);
    }

    /* The double answers again. */
    void mend()
    {
        note("mend");
        fakecuda_reset(d_order.c_str());
        reopen();
    }

    void plan_fault()
    {
        static const struct {
            const char *name;
            void (*plan)(long wait);
        } faults[] = {
            {"once",
             [](long wait) { fakecuda_fail_once(fakecuda_calls() + wait, wait % 2 ? 999 : 2); }},
            {"late", [](long wait) { fakecuda_fail_late(fakecuda_calls() + wait, 700); }},
            {"sticky", [](long wait) { fakecuda_fail_sticky(fakecuda_calls() + wait, 700); }},
            {"hang", [](long wait) { fakecuda_hang(fakecuda_calls() + wait); }},
            {"limit", [](long wait) { fakecuda_limit(static_cast<size_t>(wait) * 50000); }}};
        const auto &fault = faults[d_draw.below(5)];
        const long wait = static_cast<long>(d_draw.between(1, 60));
        if (!d_faulty)
            return;
        note(say(fault.name, " ", wait));
        fault.plan(wait);
    }

    /* What the filter says of itself, and what the log and the double say. */
    void check()
    {
        const oaconv_info info = d_filter->info();
        d_n_fft = std::max(d_n_fft, info.n_fft);
        const std::vector<std::string> &errors = d_log.log.errors;
        CPPUNIT_ASSERT_EQUAL(uint64_t{d_t}, info.n_samples);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), 0L, fakecuda_violations());
        CPPUNIT_ASSERT_EQUAL(on_gpu(), info.device_bytes > 0);
        CPPUNIT_ASSERT_MESSAGE("without a reason", *info.reason);
        CPPUNIT_ASSERT_MESSAGE("losses without a line", info.gpu_losses <= errors.size());
        CPPUNIT_ASSERT_MESSAGE("on the CPU without a line", on_gpu() || !errors.empty());
        CPPUNIT_ASSERT_MESSAGE("a line without a fault", d_faulty || errors.empty());
        for (const std::string &line : errors) {
            const size_t colon = line.find(": ");
            CPPUNIT_ASSERT_MESSAGE("no reason: " + line, colon < line.size() - 2);
        }
    }

    Random d_draw, d_cuts;
    bool d_faulty;
    Type d_type = OAC_REAL;
    size_t d_n_channels;
    std::string d_order, d_done;
    SharedLog d_log;
    std::optional<Filter> d_filter;
    Rows d_x, d_y;                /* of the stream since the last reset */
    std::vector<Epoch> d_epochs;  /* likewise */
    Rows d_prepared;              /* and not swapped in; empty: none */
    size_t d_t = 0, d_n_fft = 0;  /* samples of the stream; the largest N so far */
    bool d_finished, d_tail_read; /* oaconv_finish() came last; the tail has been touched */
};

class gpu_random : public Faulty
{
    CPPUNIT_TEST_SUITE(gpu_random);
    CPPUNIT_TEST(one_thread);
    CPPUNIT_TEST(prepared_meanwhile);
    CPPUNIT_TEST_SUITE_END();

    static void play(unsigned seed, bool threads)
    {
        start_afresh();
        Game game(seed, seed % 2);
        try {
            for (size_t rounds = 5 + seed * 7 % 50; rounds > 0; rounds--)
                game.round(threads);
            game.end_stream();
            game.destroy();
        } catch (const CppUnit::Exception &failure) {
            CPPUNIT_FAIL(say("seed ", seed, ": ", game.done(), "then: ", failure.what()));
        }
    }

public:
    void one_thread()
    {
        for (unsigned seed = 0; seed < 150; seed++)
            play(seed, false);
    }
    void prepared_meanwhile()
    {
        for (unsigned seed = 1000; seed < 1060; seed++)
            play(seed, true);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_random);

} // namespace
