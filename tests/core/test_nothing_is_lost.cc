/* SPDX-License-Identifier: GPL-3.0-or-later
 * Promise 1: n samples in give n out, or those that decimation keeps, the tail is complete, and
 * every value is right. */
#include "compare.h"
#include "filter.h"

#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <set>

using namespace oac_test;

namespace
{

#ifdef OAC_SANITIZED
constexpr size_t many = 5; /* the sums of the oracle and of "direct" take a minute for 16 */
#else
constexpr size_t many = 16;
#endif

struct Lengths {
    const char *name;
    std::vector<size_t> of_channels; /* repeated for more channels */
};

const std::vector<Lengths> all_lengths{{"1", {1}},
                                       {"2", {2}},
                                       {"37", {37}},
                                       {"64", {64}},
                                       {"1000", {1000}},
                                       {"ragged", {100, 1, 230, 2, 37}}};

std::vector<size_t> repeat(const std::vector<size_t> &lengths, size_t n_channels)
{
    std::vector<size_t> result;
    for (size_t m = 0; m < n_channels; m++)
        result.push_back(lengths[m % lengths.size()]);
    return result;
}

/* Lengths of signals around the borders of segments and hops. */
std::set<size_t> interesting_lengths(const oaconv_info &info)
{
    std::set<size_t> list{0, 1, 5000};
    for (size_t border : {info.decimation * info.segment, info.hop, 2 * info.decimation})
        list.insert({border - 1, border, border + 1});
    return list;
}

class nothing_is_lost : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(nothing_is_lost);
    CPPUNIT_TEST(one_channel);
    CPPUNIT_TEST(three_channels);
    CPPUNIT_TEST(many_channels);
    CPPUNIT_TEST(one_row_for_all_channels);
    CPPUNIT_TEST(equal_rows_among_others);
    CPPUNIT_TEST(finish_and_continue);
    CPPUNIT_TEST(long_taps_and_short_hops);
    CPPUNIT_TEST(finish_and_continue_with_short_hops);
    CPPUNIT_TEST(reset_forgets_all_samples);
    CPPUNIT_TEST(reset_forgets_all_partitions);
    CPPUNIT_TEST(reset_brings_the_whole_tail_back);
    CPPUNIT_TEST_SUITE_END();

    void check_channels(size_t n_channels)
    {
        for (const Kind &kind : kinds())
            for (const Lengths &lengths : all_lengths)
                check_lengths(kind, n_channels, lengths);
    }

    void check_lengths(const Kind &kind, size_t n_channels, const Lengths &lengths, size_t hop = 0)
    {
        const unsigned seed = 1000 + static_cast<unsigned>(n_channels);
        Random random(seed);
        const Rows taps = random.taps(kind.type, repeat(lengths.of_channels, n_channels));
        Filter filter({kind.type, kind.backend, 0, hop}, taps);
        const oaconv_info info = filter.info();
        CPPUNIT_ASSERT_EQUAL(longest(kind.type, taps), info.n_taps);
        const std::set<size_t> list = interesting_lengths(info);
        const Rows x = random.signal(kind.type, n_channels, *list.rbegin());
        for (size_t n : list) {
            const std::string label = say(kind.label,
                                          " M=",
                                          n_channels,
                                          " P=",
                                          lengths.name,
                                          " hop=",
                                          hop,
                                          " n=",
                                          n,
                                          " seed=",
                                          seed);
            filter.reset();
            const Rows head = play_head(filter, x, n, {}, random, nullptr);
            const size_t n_out = kept(kind.type, n);
            for (const Row &row : head)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label, n_out * sample_width(kind.type), row.size());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                label, kept(kind.type, n + info.n_taps - 1) - n_out, filter.tail_length());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{n}, filter.info().n_samples);
            filter.reset();
            expect_close(label,
                         kind.type,
                         respond(kind.type, x, n, {{0, taps, info.n_fft}}),
                         play(filter, x, n, random));
        }
    }

    void check_borders(const Kind &kind, size_t n_taps, size_t hop)
    {
        Random random(5);
        const Rows taps = random.taps(kind.type, {n_taps, n_taps / 2 + 1});
        const Rows x = random.signal(kind.type, 2, 4000);
        Filter filter({kind.type, kind.backend, 0, hop}, taps);
        const std::vector<Change> borders{
            {0, {}}, {1, {}}, {2, {}}, {9, {}}, {9, {}}, {1000, {}}, {1017, {}}, {3999, {}}};
        expect_close(say(kind.label, " finish and continue, P=", n_taps, " hop=", hop, " seed=5"),
                     kind.type,
                     respond(kind.type, x, 4000, {{0, taps, filter.info().n_fft}}),
                     play(filter, x, 4000, borders, random, nullptr));
    }

    /* Taps, then others, then a reset; after it all is as with a new filter. */
    void check_reset(const Kind &kind, const Rows &before, const Rows &after, size_t hop)
    {
        const std::string label = say(kind.label, " after a reset, hop=", hop, " seed=6");
        Random random(6);
        const Rows x = random.signal(kind.type, 2, 2503);
        Rows tainted = x;
        tainted[0][700] = tainted[1].back() = std::nanf("");
        Filter used({kind.type, kind.backend, 0, hop}, before);
        play_head(used, tainted, 2503, {{801, after}}, random, nullptr);
        used.reset();
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{0}, used.info().n_samples);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{0}, used.info().n_changes);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{0}, used.info().last_change);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            label, kept(kind.type, longest(kind.type, after) - 1), used.tail_length());
        Filter fresh({kind.type, kind.backend, 0, hop}, after);
        const Rows expected = play(fresh, x, 2503, random);
        expect_repeated(kind.backend, label, expected, play(used, x, 2503, random));
        used.reset(); /* now with the tail read */
        expect_repeated(kind.backend, label + ", again", expected, play(used, x, 2503, random));
        Rows y;
        used.reset(); /* and between two hops, before the end of a piece */
        used.process(tainted, 0, 2503 / used.info().hop * used.info().hop, y, random);
        used.reset();
        expect_repeated(
            kind.backend, label + ", in the middle", expected, play(used, x, 2503, random));
    }

public:
    void one_channel() { check_channels(1); }
    void three_channels() { check_channels(3); }
    void many_channels() { check_channels(many); }

    void one_row_for_all_channels()
    {
        for (const Kind &kind : kinds()) {
            Random random(4);
            const Rows row = random.taps(kind.type, {53});
            const Rows x = random.signal(kind.type, 6, 1111);
            Filter shared({kind.type, kind.backend, 6}, row);
            Filter equal({kind.type, kind.backend}, Rows(6, row[0]));
            CPPUNIT_ASSERT_EQUAL(size_t{6}, shared.info().n_channels);
            const Rows y = play(shared, x, 1111, random);
            expect_close(kind.label + " shared row, seed=4",
                         kind.type,
                         respond(kind.type, x, 1111, {{0, row, shared.info().n_fft}}),
                         y);
            expect_repeated(
                kind.backend, kind.label + " equal rows, seed=4", y, play(equal, x, 1111, random));
        }
    }

    /* Rows that the library may store once, and rows that only begin alike. */
    void equal_rows_among_others()
    {
        for (const Kind &kind : kinds()) {
            Random random(8);
            const Rows three = random.taps(kind.type, {53, 53, 20});
            Row longer = three[0];
            longer.resize(longer.size() + 5 * tap_width(kind.type), 0.25);
            Row other_end = three[0];
            other_end.back() = 0.25;
            const Rows taps{
                three[0], three[1], three[1], three[2], longer, other_end, three[0], three[2]};
            const Rows x = random.signal(kind.type, taps.size(), 1500);
            Filter filter({kind.type, kind.backend}, taps);
            expect_close(kind.label + " equal rows among others, seed=8",
                         kind.type,
                         respond(kind.type, x, 1500, {{0, taps, filter.info().n_fft}}),
                         play(filter, x, 1500, random));
        }
    }

    void finish_and_continue()
    {
        for (const Kind &kind : kinds())
            for (size_t n_taps : {1, 30, 700})
                check_borders(kind, n_taps, 0);
    }

    void long_taps_and_short_hops()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const ShortHop &c : short_hops(kind.type)) {
                const std::string name = say(c.n_taps, " and 1");
                check_lengths(kind, 2, {name.c_str(), {c.n_taps, 1}}, c.hop);
            }
    }

    void finish_and_continue_with_short_hops()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const ShortHop &c : short_hops(kind.type))
                check_borders(kind, c.n_taps, c.hop);
    }

    void reset_forgets_all_samples()
    {
        for (const Kind &kind : kinds())
            check_reset(
                kind, Random(6).taps(kind.type, {300, 10}), Random(9).taps(kind.type, {20, 70}), 0);
    }

    void reset_forgets_all_partitions()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (size_t hop : {16, 20, 250})
                check_reset(kind,
                            Random(6).taps(kind.type, {700 * kind.type.decimation, 10}),
                            Random(9).taps(kind.type, {20, 1500 * kind.type.decimation}),
                            hop * kind.type.decimation);
    }

    void reset_brings_the_whole_tail_back()
    {
        for (const Kind &kind : kinds()) {
            Random random(7);
            const size_t D = kind.type.decimation;
            const Rows x = random.signal(kind.type, 1, 100);
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {39 * D + 1}));
            Rows y = play_head(filter, x, 100, {}, random, nullptr);
            filter.read_tail(30, y);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, size_t{9}, filter.tail_length());
            filter.reset();
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, size_t{39}, filter.tail_length());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(nothing_is_lost);

} // namespace
