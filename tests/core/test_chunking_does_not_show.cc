/* SPDX-License-Identifier: GPL-3.0-or-later
 * Promise 2: the same samples come out bit for bit, however the input is cut and aligned. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

constexpr int n_cuts = 6; /* random ways to cut each signal */

class chunking_does_not_show : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(chunking_does_not_show);
    CPPUNIT_TEST(chosen_hop);
    CPPUNIT_TEST(explicit_hops);
    CPPUNIT_TEST(taps_changed_at_the_same_samples);
    CPPUNIT_TEST(hop_by_hop_and_at_once);
    CPPUNIT_TEST(long_taps_and_short_hops);
    CPPUNIT_TEST(hops_in_a_call);
    CPPUNIT_TEST(taps_changed_with_short_hops);
    CPPUNIT_TEST(another_filter_in_between);
    CPPUNIT_TEST_SUITE_END();

    /* Plays the same in many ways, on a filter of its own each. */
    void check(const std::string &label,
               const Spec &spec,
               const Rows &taps,
               size_t n,
               const std::vector<Change> &changes)
    {
        Random random(31);
        const Rows x = random.signal(spec.type, taps.size(), n);
        Rows first;
        for (int i = 0; i < n_cuts; i++) {
            Filter filter(spec, taps);
            const Rows y = play(filter, x, n, changes, random, nullptr);
            if (i == 0)
                first = y;
            expect_repeated(spec.backend, say(label, " cut ", i, " seed=31"), first, y);
        }
    }

public:
    void chosen_hop()
    {
        for (const Kind &kind : kinds())
            for (size_t n_taps : {1, 2, 40, 333})
                check(say(kind.label, " P=", n_taps),
                      {kind.type, kind.backend},
                      Random(32).taps(kind.type, {n_taps, 1, n_taps / 2 + 1}),
                      6007,
                      {});
    }

    void explicit_hops()
    {
        for (const Kind &kind : kinds())
            for (size_t hop : {1, 7, 100, 1001})
                check(say(kind.label, " hop=", hop),
                      {kind.type, kind.backend, 0, hop},
                      Random(33).taps(kind.type, {130, 11}),
                      4500,
                      {});
    }

    void taps_changed_at_the_same_samples()
    {
        for (const Kind &kind : kinds()) {
            Random random(34);
            std::vector<Change> changes;
            for (size_t at : {0, 1, 640, 700, 1283, 1283, 2900, 4095})
                changes.push_back({at, random.taps(kind.type, {random.between(1, 300), 30})});
            check(kind.label + " changes",
                  {kind.type, kind.backend},
                  random.taps(kind.type, {65, 65}),
                  5000,
                  changes);
        }
    }

    void hop_by_hop_and_at_once()
    {
        for (const Kind &kind : kinds()) {
            Random random(35);
            const Rows taps = random.taps(kind.type, {100, 20});
            Filter slow({kind.type, kind.backend}, taps), fast({kind.type, kind.backend}, taps);
            const size_t hop = slow.info().hop, n_hops = std::max<size_t>(4000 / hop, 3);
            const Rows x = random.signal(kind.type, 2, n_hops * hop);
            Rows one_by_one, at_once;
            for (size_t i = 0; i < n_hops; i++)
                slow.process(x, i * hop, hop, one_by_one, random);
            fast.process(x, 0, n_hops * hop, at_once, random);
            expect_repeated(kind.backend, kind.label + " seed=35", at_once, one_by_one);
        }
    }

    void long_taps_and_short_hops()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const ShortHop &c : short_hops(kind.type))
                check(say(kind.label, " hop=", c.hop, " P=", c.n_taps),
                      {kind.type, kind.backend, 0, c.hop},
                      Random(37).taps(kind.type, {c.n_taps, 11}),
                      4500,
                      {});
    }

    /* Partitioned filters take several hops together. */
    void hops_in_a_call()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const ShortHop &c : short_hops(kind.type)) {
                Random random(38);
                const Rows taps = random.taps(kind.type, {c.n_taps, 20});
                const size_t n_hops = 3 * 17;
                const Rows x = random.signal(kind.type, 2, n_hops * c.hop);
                Filter filter({kind.type, kind.backend, 0, c.hop}, taps);
                Rows expected;
                for (size_t at_once : {size_t{1},
                                       size_t{2},
                                       size_t{3},
                                       size_t{7},
                                       size_t{8},
                                       size_t{9},
                                       size_t{16},
                                       size_t{17},
                                       n_hops}) {
                    Rows y;
                    filter.reset();
                    for (size_t i = 0; i < n_hops; i += at_once)
                        filter.process(
                            x, i * c.hop, std::min(at_once, n_hops - i) * c.hop, y, random);
                    if (expected.empty())
                        expected = y;
                    expect_repeated(kind.backend,
                                    say(kind.label,
                                        " hop=",
                                        c.hop,
                                        " P=",
                                        c.n_taps,
                                        ", ",
                                        at_once,
                                        " in a call, seed=38"),
                                    expected,
                                    y);
                }
            }
    }

    void taps_changed_with_short_hops()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (size_t hop : {16, 20, 250}) {
                Random random(39);
                std::vector<Change> changes;
                const size_t D = kind.type.decimation;
                for (size_t at : {0, 640, 700, 1283, 1283, 2900})
                    changes.push_back(
                        {at, random.taps(kind.type, {D * random.between(1, 3000), 30})});
                check(say(kind.label, " changes, hop=", D * hop),
                      {kind.type, kind.backend, 0, D * hop},
                      random.taps(kind.type, {D * 1500, 65}),
                      4000,
                      changes);
            }
    }

    void another_filter_in_between()
    {
        for (const Kind &kind : kinds()) {
            Random random(36);
            const Rows taps = random.taps(kind.type, {100});
            Filter alone({kind.type, kind.backend}, taps);
            const size_t hop = alone.info().hop, n = std::max<size_t>(3000, 5 * hop / 2);
            const Rows x = random.signal(kind.type, 1, n);
            const Rows expected = play(alone, x, n, random);
            Filter first({kind.type, kind.backend}, taps), second({kind.type, kind.backend}, taps);
            Rows y, other;
            size_t t = 0;
            for (; t + hop <= n; t += hop) {
                first.process(x, t, hop, y, random);
                second.process(x, 0, hop, other, random);
            }
            first.finish(x, t, n - t, y, random);
            first.read_tail(first.tail_length(), y);
            expect_repeated(kind.backend, kind.label + " seed=36", expected, y);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(chunking_does_not_show);

} // namespace
