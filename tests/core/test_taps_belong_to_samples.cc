/* SPDX-License-Identifier: GPL-3.0-or-later
 * Promise 4: each sample is convolved with the taps in force when it arrived. */
#include "compare.h"
#include "filter.h"

#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <cstdlib>

using namespace oac_test;

namespace
{

bool costs_are_nominal()
{
    const char *table = std::getenv("OACONV_COST_TABLE");
    return table && table == std::string("nominal");
}

class taps_belong_to_samples : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(taps_belong_to_samples);
    CPPUNIT_TEST(same_length);
    CPPUNIT_TEST(shorter);
    CPPUNIT_TEST(longer);
    CPPUNIT_TEST(ten_in_a_row);
    CPPUNIT_TEST(several_at_the_same_sample);
    CPPUNIT_TEST(before_the_first_sample);
    CPPUNIT_TEST(at_the_last_sample);
    CPPUNIT_TEST(on_and_off_the_hop);
    CPPUNIT_TEST(explicit_hops);
    CPPUNIT_TEST(from_partitions_to_whole_and_back);
    CPPUNIT_TEST(rows_to_one_row_and_back);
    CPPUNIT_TEST(earlier_longer_taps_set_the_tail);
    CPPUNIT_TEST(unchanged_rows_stay);
    CPPUNIT_TEST(swap_without_prepare);
    CPPUNIT_TEST(last_prepared_wins);
    CPPUNIT_TEST(failed_prepare_changes_nothing);
    CPPUNIT_TEST(caller_may_free_the_rows);
    CPPUNIT_TEST_SUITE_END();

    void check(const std::string &what,
               const Kind &kind,
               const Rows &taps,
               const std::vector<Change> &changes,
               size_t n,
               size_t hop = 0)
    {
        const std::string label = say(kind.label, " ", what, ", n=", n, " seed=51");
        Random random(51);
        const Rows x = random.signal(kind.type, 2, n);
        Filter filter({kind.type, kind.backend, 2, hop}, taps);
        std::vector<Epoch> epochs{{0, taps, filter.info().n_fft}};
        const Rows head = play_head(filter, x, n, changes, random, &epochs);
        const Response expected = respond(kind.type, x, n, epochs);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            label, expected.length - kept(kind.type, n), filter.tail_length());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{changes.size()}, filter.info().n_changes);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{changes.back().at}, filter.info().last_change);
        Rows y = head;
        while (filter.tail_length() > 0)
            filter.read_tail(random.below(filter.tail_length() + 1), y);
        expect_close(label, kind.type, expected, y);
    }

    /* From P taps to Q. */
    void check_lengths(size_t from, size_t to, size_t at)
    {
        for (const Kind &kind : kinds()) {
            Random random(52);
            check(say(from, " -> ", to, " taps at ", at),
                  kind,
                  random.taps(kind.type, {from, from / 2 + 1}),
                  {{at, random.taps(kind.type, {to, to / 2 + 1})}},
                  5000);
        }
    }

public:
    void same_length() { check_lengths(100, 100, 1234); }
    void shorter()
    {
        check_lengths(900, 11, 2000);
        check_lengths(64, 1, 777);
    }
    void longer()
    {
        check_lengths(65, 3000, 2001);
        check_lengths(1, 200, 3);
    }

    void ten_in_a_row()
    {
        for (const Kind &kind : kinds()) {
            Random random(53);
            std::vector<Change> changes;
            size_t at = 300;
            for (size_t n_taps : {65, 700, 3, 128, 128, 1, 500, 64, 900, 40}) {
                changes.push_back({at, random.taps(kind.type, {n_taps, random.between(1, 300)})});
                at += random.between(1, 250);
            }
            check("ten changes", kind, random.taps(kind.type, {400, 2}), changes, 3000);
        }
    }

    void several_at_the_same_sample()
    {
        for (const Kind &kind : kinds()) {
            Random random(54);
            std::vector<Change> changes;
            for (size_t n_taps : {2000, 5, 80})
                changes.push_back({1001, random.taps(kind.type, {n_taps, n_taps})});
            check("three at once", kind, random.taps(kind.type, {300, 40}), changes, 1500);
            check(
                "three at once at the end", kind, random.taps(kind.type, {300, 40}), changes, 1001);
        }
    }

    void before_the_first_sample()
    {
        for (const Kind &kind : kinds()) {
            Random random(55);
            const std::vector<Change> changes{{0, random.taps(kind.type, {10, 12})}};
            check("at sample 0", kind, random.taps(kind.type, {500, 40}), changes, 1500);
            check("at sample 0", kind, random.taps(kind.type, {500, 40}), changes, 1);
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {500, 40}));
            filter.prepare(changes[0].taps);
            CPPUNIT_ASSERT(filter.swap());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, kept(kind.type, 11), filter.tail_length());
        }
    }

    void at_the_last_sample()
    {
        for (const Kind &kind : kinds()) {
            Random random(56);
            check("at the end",
                  kind,
                  random.taps(kind.type, {90, 40}),
                  {{1500, random.taps(kind.type, {10, 12})}},
                  1500);
        }
    }

    void on_and_off_the_hop()
    {
        for (const Kind &kind : kinds()) {
            const Rows taps = Random(57).taps(kind.type, {80, 40});
            const size_t hop = Filter({kind.type, kind.backend}, taps).info().hop;
            for (size_t at : {hop - 1, hop, hop + 1, 2 * hop, 2 * hop + hop / 2})
                check(say("at ", at, ", hop ", hop),
                      kind,
                      taps,
                      {{at, Random(58).taps(kind.type, {120, 7})}},
                      4 * hop + 100);
        }
    }

    void explicit_hops()
    {
        for (const Kind &kind : kinds())
            for (size_t hop : {1, 7, 1000}) {
                Random random(59);
                std::vector<Change> changes;
                for (size_t at : {13, 700, 1400, 2001})
                    changes.push_back({at, random.taps(kind.type, {random.between(1, 400), 20})});
                check(say("hop ", hop), kind, random.taps(kind.type, {90, 40}), changes, 2500, hop);
            }
    }

    /* Shorter, longer, on and off the hop, and two at the same sample. */
    void from_partitions_to_whole_and_back()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (size_t segment : {16, 20, 250}) {
                const size_t D = kind.type.decimation, hop = D * segment;
                const auto n_partitions = [&kind, hop](size_t n_taps) {
                    return Filter({kind.type, kind.backend, 0, hop},
                                  Random(67).taps(kind.type, {n_taps}))
                        .info()
                        .n_partitions;
                };
                if (costs_are_nominal()) { /* measured ones may be against partitions */
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, size_t{1}, n_partitions(5));
                    CPPUNIT_ASSERT_MESSAGE(kind.label, n_partitions(700 * D) > 1);
                    CPPUNIT_ASSERT(n_partitions(3000 * D) > (D == 1 ? n_partitions(700) : 1));
                }
                Random random(68);
                const std::vector<size_t> lengths{700 * D, 5, 3000 * D, 2000 * D, 1, 1000 * D};
                const std::vector<size_t> places{333, 800, 1201, 1201, 2000, 2750};
                std::vector<Change> changes;
                for (size_t i = 0; i < lengths.size(); i++)
                    changes.push_back(
                        {places[i], random.taps(kind.type, {lengths[i], random.between(1, 900)})});
                check(say("partitions, whole and back, hop ", hop),
                      kind,
                      random.taps(kind.type, {1500 * D, 40}),
                      changes,
                      4000,
                      hop);
            }
    }

    void rows_to_one_row_and_back()
    {
        for (const Kind &kind : kinds()) {
            Random random(60);
            const std::vector<Change> changes{{500, random.taps(kind.type, {130})},
                                              {900, random.taps(kind.type, {20, 30})}};
            check("one row", kind, random.taps(kind.type, {60, 50}), changes, 1500);
        }
    }

    /* The first taps reach sample 1000 + 3000 - 1, the later ones no further than 1500 + 9. */
    void earlier_longer_taps_set_the_tail()
    {
        for (const Kind &kind : kinds()) {
            Random random(61);
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {3000}));
            const Rows x = random.signal(kind.type, 1, 1500);
            const std::vector<Change> changes{{1000, random.taps(kind.type, {100})},
                                              {1200, random.taps(kind.type, {10})}};
            Rows y = play_head(filter, x, 1500, changes, random, nullptr);
            const size_t tail = kept(kind.type, 3999) - kept(kind.type, 1500), part = tail / 5;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, tail, filter.tail_length());
            filter.read_tail(part, y);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, tail - part, filter.tail_length());
        }
    }

    void unchanged_rows_stay()
    {
        for (const Kind &kind : kinds()) {
            Random random(62);
            const Rows taps = random.taps(kind.type, {200, 150, 90});
            Rows changed = taps;
            changed[1] = random.row(kind.type.precision, 600, tap_width(kind.type));
            const Rows x = random.signal(kind.type, 3, 3000);
            Filter still({kind.type, kind.backend}, taps), moved({kind.type, kind.backend}, taps);
            const Rows expected = play_head(still, x, 3000, {}, random, nullptr);
            const Rows y = play_head(moved, x, 3000, {{1111, changed}}, random, nullptr);
            const double bound = 2 * error_bound * kind.type.epsilon() * 13 * 200 * 2;
            expect_near(kind.label + " unchanged rows, seed=62",
                        {expected[0], expected[2]},
                        {y[0], y[2]},
                        bound);
            CPPUNIT_ASSERT(!same_bits(expected[1], y[1]));
        }
    }

    void swap_without_prepare()
    {
        for (const Kind &kind : kinds()) {
            Random random(63);
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {20}));
            CPPUNIT_ASSERT_MESSAGE(kind.label, !filter.swap());
            filter.prepare(random.taps(kind.type, {30}));
            CPPUNIT_ASSERT_MESSAGE(kind.label, filter.swap());
            CPPUNIT_ASSERT_MESSAGE(kind.label, !filter.swap());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, uint64_t{1}, filter.info().n_changes);
        }
    }

    void last_prepared_wins()
    {
        for (const Kind &kind : kinds()) {
            Random random(64);
            const Rows x = random.signal(kind.type, 2, 1000);
            const Rows first = random.taps(kind.type, {30, 5}),
                       last = random.taps(kind.type, {4, 80});
            Filter filter({kind.type, kind.backend}, first);
            std::vector<Epoch> epochs{{0, first, filter.info().n_fft}};
            Rows y;
            filter.prepare(random.taps(kind.type, {500, 50}));
            filter.finish(x, 0, 0, y, random);
            /* play_head() prepares the last ones, and swaps. */
            y = play(filter, x, 1000, {{400, last}}, random, &epochs);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, uint64_t{1}, filter.info().n_changes);
            expect_close(kind.label + " last wins, seed=64",
                         kind.type,
                         respond(kind.type, x, 1000, epochs),
                         y);
        }
    }

    void failed_prepare_changes_nothing()
    {
        for (const Kind &kind : kinds()) {
            Random random(65);
            const Rows taps = random.taps(kind.type, {30, 5}),
                       good = random.taps(kind.type, {70, 2});
            Rows bad = taps;
            bad[1].back() = std::nanf("");
            const TapRows rows(kind.type, bad);
            const Rows x = random.signal(kind.type, 2, 900);
            Filter filter({kind.type, kind.backend}, taps);
            CPPUNIT_ASSERT(oaconv_taps_prepare(filter.handle(), rows.data(), 2) == OAC_ERR_ARG);
            CPPUNIT_ASSERT_MESSAGE(kind.label, !filter.swap());
            filter.prepare(good);
            CPPUNIT_ASSERT(oaconv_taps_prepare(filter.handle(), rows.data(), 2) == OAC_ERR_ARG);
            CPPUNIT_ASSERT_MESSAGE(kind.label + ": prepared taps were lost", filter.swap());
            expect_close(kind.label + " failed prepare, seed=65",
                         kind.type,
                         respond(kind.type, x, 900, {{0, good, filter.info().n_fft}}),
                         play(filter, x, 900, random));
        }
    }

    void caller_may_free_the_rows()
    {
        for (const Kind &kind : kinds()) {
            Random random(66);
            Rows taps = random.taps(kind.type, {30, 5}), later = random.taps(kind.type, {70, 2});
            const Rows x = random.signal(kind.type, 2, 900);
            Filter filter({kind.type, kind.backend}, taps);
            std::vector<Epoch> epochs{{0, taps, filter.info().n_fft}};
            taps.assign(2, Row(4, 99.0));
            Rows y = play_head(filter, x, 900, {{300, later}}, random, &epochs);
            later.clear();
            filter.read_tail(filter.tail_length(), y);
            expect_close(kind.label + " rows freed, seed=66",
                         kind.type,
                         respond(kind.type, x, 900, epochs),
                         y);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(taps_belong_to_samples);

} // namespace
