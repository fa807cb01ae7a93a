/* SPDX-License-Identifier: GPL-3.0-or-later
 * Every argument of make() and of the setters at its extremes, the others as they are by default:
 * refused by an exception, or the block filters right; the process lives, and old taps stay. */
#include "graph.h"
#include "survival.h"

#include <cfloat>
#include <climits>
#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <new>
#include <stdexcept>

using namespace oac_test;

namespace
{

template <class SAMPLE, class TAP>
class BlockExtremes : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BlockExtremes);
    CPPUNIT_TEST(no_rows_whatever_else_is_given);
    CPPUNIT_TEST(every_argument_that_is_refused);
    CPPUNIT_TEST(every_argument_that_is_taken);
    CPPUNIT_TEST(setters);
    CPPUNIT_TEST_SUITE_END();

    using Block = typename Graph<SAMPLE, TAP>::Block;
    using rows = std::vector<std::vector<TAP>>;

    struct Arguments {
        rows taps{{TAP(1), TAP(2)}};
        int n_channels = 0;
        std::string backend = "auto";
        int hop = 0;
        bool flush = false;
        int threads = 0;
        double max_latency = 0.010;
        int max_batch = 16384, device = -1, decimation = 1;

        typename Block::sptr make() const
        {
            return Block::make(taps,
                               n_channels,
                               backend,
                               hop,
                               flush,
                               threads,
                               max_latency,
                               max_batch,
                               device,
                               decimation);
        }
    };
    using Change = std::function<void(Arguments &)>;

    static constexpr TAP not_a_number() { return TAP(std::nanf("")); }

    /* The call throws std::invalid_argument with these words. */
    static void expect_refused(const std::function<void()> &call, const std::string &words)
    {
        try {
            call();
        } catch (const std::invalid_argument &error) {
            const std::string message = error.what();
            CPPUNIT_ASSERT_MESSAGE(say('"', message, "\" lacks \"", words, '"'),
                                   message.find(words) != std::string::npos);
            return;
        }
        CPPUNIT_FAIL("not refused");
    }

    static Case refused(const std::string &name, const Change &change, const std::string &words)
    {
        return {name, [=] {
                    Arguments arguments;
                    change(arguments);
                    expect_refused([&] { arguments.make(); }, words);
                }};
    }

    /* An impulse comes out as 1 and 2, however many samples follow it. */
    static void expect_impulse(const typename Block::sptr &block, size_t n_tail = 0)
    {
        const int n_channels = block->input_signature()->max_streams(), D = block->decimation();
        auto top = gr::make_top_block("extremes");
        std::vector<SAMPLE> x(200);
        x[0] = 1;
        std::vector<typename gr::blocks::vector_sink<SAMPLE>::sptr> sinks;
        for (int m = 0; m < n_channels; m++) {
            sinks.push_back(gr::blocks::vector_sink<SAMPLE>::make());
            top->connect(gr::blocks::vector_source<SAMPLE>::make(x), 0, block, m);
            top->connect(block, m, sinks.back(), 0);
        }
        top->run();
        for (const auto &sink : sinks) {
            const std::vector<SAMPLE> y = sink->data();
            CPPUNIT_ASSERT_EQUAL((200 + n_tail + size_t(D) - 1) / size_t(D), y.size());
            CPPUNIT_ASSERT(std::abs(y[0] - SAMPLE(1)) < 1e-5f);
            CPPUNIT_ASSERT(D > 1 || std::abs(y[1] - SAMPLE(2)) < 1e-5f);
        }
    }

    static Case taken(const std::string &name, const Change &change)
    {
        return {name, [=] {
                    Arguments arguments;
                    change(arguments);
                    expect_impulse(arguments.make());
                }};
    }

    template <class T>
    static void add_refused(std::vector<Case> &cases,
                            T Arguments::*argument,
                            const char *name,
                            std::vector<T> values)
    {
        for (const T &value : values)
            cases.push_back(refused(
                say(name, " = ", value),
                [=](Arguments &a) { a.*argument = value; },
                say(name, " is ")));
    }

    template <class T>
    static void add_taken(std::vector<Case> &cases,
                          T Arguments::*argument,
                          const char *name,
                          std::vector<T> values)
    {
        for (const T &value : values)
            cases.push_back(
                taken(say(name, " = ", value), [=](Arguments &a) { a.*argument = value; }));
    }

public:
    void no_rows_whatever_else_is_given()
    {
        const std::pair<const char *, Change> others[] = {
            {"nothing", [](Arguments &) {}},
            {"n_channels", [](Arguments &a) { a.n_channels = 3; }},
            {"backend", [](Arguments &a) { a.backend = "volk"; }},
            {"hop", [](Arguments &a) { a.hop = 64; }},
            {"flush", [](Arguments &a) { a.flush = true; }},
            {"threads", [](Arguments &a) { a.threads = 1; }},
            {"max_latency", [](Arguments &a) { a.max_latency = 0; }},
            {"max_batch", [](Arguments &a) { a.max_batch = 0; }},
            {"device", [](Arguments &a) { a.device = 0; }},
            {"decimation", [](Arguments &a) { a.decimation = 4; }}};
        std::vector<Case> cases;
        for (const auto &[name, change] : others)
            cases.push_back(refused(
                say("no rows, ", name),
                [apply = change](Arguments &a) {
                    apply(a);
                    a.taps.clear();
                },
                "no taps"));
        cases.push_back({"no rows of another number", [] {
                             const std::vector<std::vector<double>> none;
                             expect_refused([&] { Block::make(none); }, "no taps");
                         }});
        expect_to_survive(cases);
    }

    void every_argument_that_is_refused()
    {
        const std::string with_null("auto\0volk", 9), endless(1 << 20, 'x');
        std::vector<Case> cases{
            refused(
                "an empty row",
                [](Arguments &a) {
                    a.taps = {{TAP(1)}, {}};
                },
                "row 1 is empty"),
            refused(
                "NaN", [](Arguments &a) { a.taps[0][1] = not_a_number(); }, "tap 1 is NaN"),
            refused(
                "infinite",
                [](Arguments &a) { a.taps[0][0] = TAP(-HUGE_VALF); },
                "tap 0 is infinite"),
            refused(
                "rows for others",
                [](Arguments &a) {
                    a.taps.resize(2, a.taps[0]);
                    a.n_channels = 3;
                },
                "2 rows of taps for 3 channels"),
            refused(
                "as many channels as there are numbers",
                [](Arguments &a) { a.n_channels = INT_MAX; },
                "2147483647 channels"),
            refused(
                "2**20 + 1 channels",
                [](Arguments &a) { a.n_channels = (1 << 20) + 1; },
                "1048577 channels"),
            refused(
                "2**20 + 1 rows",
                [](Arguments &a) { a.taps.resize((1 << 20) + 1); },
                "1048577 channels"),
            refused(
                "no backend", [](Arguments &a) { a.backend = ""; }, "unknown backend"),
            refused(
                "a null", [=](Arguments &a) { a.backend = with_null; }, "null character"),
            refused(
                "endless", [=](Arguments &a) { a.backend = endless; }, "unknown backend"),
            refused(
                "hop 2**28 + 1", [](Arguments &a) { a.hop = (1 << 28) + 1; }, "at most 268435456"),
            refused(
                "hop INT_MAX", [](Arguments &a) { a.hop = INT_MAX; }, "at most 268435456")};
        add_refused(cases, &Arguments::n_channels, "n_channels", {-1, INT_MIN});
        add_refused(cases, &Arguments::hop, "hop", {-1, INT_MIN});
        add_refused(cases, &Arguments::threads, "threads", {-1, INT_MIN});
        add_refused(cases, &Arguments::max_batch, "max_batch", {-1, INT_MIN});
        add_refused(cases, &Arguments::device, "device", {-2, INT_MIN});
        add_refused(cases, &Arguments::decimation, "decimation", {0, -1, INT_MIN, 65537, INT_MAX});
        add_refused<double>(cases,
                            &Arguments::max_latency,
                            "max_latency",
                            {std::nan(""), HUGE_VAL, -HUGE_VAL, -1, -DBL_MIN, 3601, DBL_MAX});
        expect_to_survive(cases);
    }

    void every_argument_that_is_taken()
    {
        std::vector<Case> cases{taken("defaults", [](Arguments &) {})};
        cases.push_back({"flush", [] {
                             Arguments arguments;
                             arguments.flush = true;
                             expect_impulse(arguments.make(), 1);
                         }});
        add_taken(cases, &Arguments::n_channels, "n_channels", {0, 1, 20});
        add_taken(cases, &Arguments::hop, "hop", {0, 1, 1 << 20});
        add_taken(cases, &Arguments::threads, "threads", {0, 1, INT_MAX});
        add_taken(cases, &Arguments::max_batch, "max_batch", {0, 1, INT_MAX});
        add_taken(cases, &Arguments::device, "device", {-1, 0, INT_MAX});
        add_taken(cases, &Arguments::decimation, "decimation", {1, 2, 65536});
        add_taken<double>(
            cases, &Arguments::max_latency, "max_latency", {0, -0.0, DBL_MIN, DBL_TRUE_MIN, 3600});
        cases.push_back({"hop = 2**28, where buffers need gigabytes", [] {
                             Arguments arguments;
                             arguments.hop = 1 << 28;
                             try {
                                 expect_impulse(arguments.make());
                             } catch (const std::bad_alloc &) {
                             }
                         }});
        expect_to_survive(cases);
    }

    /* The setters refuse, and what they were to change is as before. */
    void setters()
    {
        const std::pair<const char *, rows> taps[] = {{"no rows", {}},
                                                      {"an empty row", {{}}},
                                                      {"another number of rows", rows(3, {TAP(1)})},
                                                      {"very many rows", rows(1 << 20, {TAP(1)})},
                                                      {"NaN", {{not_a_number()}}},
                                                      {"infinite", {{TAP(HUGE_VALF)}}}};
        std::vector<Case> cases;
        const auto add = [&](const std::string &name, const std::function<void(Block &)> &call) {
            cases.push_back({name, [=] {
                                 Arguments arguments;
                                 arguments.n_channels = 2;
                                 const auto block = arguments.make();
                                 expect_refused([&] { call(*block); }, "");
                                 CPPUNIT_ASSERT(block->taps() == arguments.taps);
                                 expect_impulse(block);
                             }});
        };
        for (const auto &[name, wrong] : taps)
            add(say("set_taps: ", name), [rows = wrong](Block &b) { b.set_taps(rows); });
        for (const int channel : {-1, 2, INT_MIN, INT_MAX})
            add(say("set_channel_taps: channel ", channel),
                [=](Block &b) { b.set_channel_taps(channel, std::vector<TAP>{TAP(1)}); });
        add("set_channel_taps: empty", [](Block &b) { b.set_channel_taps(1, std::vector<TAP>{}); });
        add("set_channel_taps: NaN",
            [](Block &b) { b.set_channel_taps(1, std::vector<TAP>{not_a_number()}); });
        add("set_channel_taps: too large for single precision",
            [](Block &b) { b.set_channel_taps(1, std::vector<double>{1e300}); });
        expect_to_survive(cases);
    }
};

using fff = BlockExtremes<float, float>;
using ccf = BlockExtremes<gr_complex, float>;
using ccc = BlockExtremes<gr_complex, gr_complex>;
CPPUNIT_TEST_SUITE_REGISTRATION(fff);
CPPUNIT_TEST_SUITE_REGISTRATION(ccf);
CPPUNIT_TEST_SUITE_REGISTRATION(ccc);

} // namespace
