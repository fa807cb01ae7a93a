/* SPDX-License-Identifier: GPL-3.0-or-later
 * Promise 3: whatever happens in one channel changes no bit of another, and in its own it ends. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <limits>

using namespace oac_test;

namespace
{

constexpr size_t n_samples = 6000, n_channels = 4, tainted_channel = 2;

struct Range {
    size_t begin, end;
};

/* Outputs that a taint at sample t may change: of the transform that holds it, and P - 1 samples
 * more; or as far as partitions of whole segments reach. */
Range tainted_outputs(Type type, const oaconv_info &info, size_t t, size_t n)
{
    if (info.n_fft == 0)
        return {kept(type, t), kept(type, t + info.n_taps)};
    if (info.n_partitions > 1) {
        const size_t begin = t / info.hop * info.segment;
        return {begin, begin + (info.n_partitions - 1) * partition_of(info) + info.n_fft};
    }
    const bool pairs = type == OAC_REAL && info.backend == std::string("volk");
    const size_t together = info.decimation * info.segment * (pairs ? 2 : 1);
    const size_t hop_begin = t / info.hop * info.hop;
    const size_t begin = hop_begin + (t - hop_begin) / together * together;
    const size_t end = std::min({begin + together, hop_begin + info.hop, n});
    return {kept(type, begin), kept(type, end + info.n_taps - 1)};
}

/* The same bits outside the range, finite ones. */
void expect_ends(
    const std::string &label, const Row &clean, const Row &tainted, Range range, size_t width)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, clean.size(), tainted.size());
    const auto part = [width](const Row &row, size_t begin, size_t end) {
        const size_t from = std::min(begin * width, row.size()),
                     to = std::min(end * width, row.size());
        return Row(row.begin() + static_cast<std::ptrdiff_t>(from),
                   row.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const size_t n = clean.size();
    expect_same_bits(
        label + " before", {part(clean, 0, range.begin)}, {part(tainted, 0, range.begin)});
    expect_same_bits(label + " after", {part(clean, range.end, n)}, {part(tainted, range.end, n)});
    for (double y : part(tainted, range.end, n))
        CPPUNIT_ASSERT_MESSAGE(label, std::isfinite(y));
}

class channels_do_not_touch : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(channels_do_not_touch);
    CPPUNIT_TEST(not_a_number);
    CPPUNIT_TEST(infinity);
    CPPUNIT_TEST(overload);
    CPPUNIT_TEST(explicit_hops);
    CPPUNIT_TEST(long_taps_and_short_hops);
    CPPUNIT_TEST(place_among_others);
    CPPUNIT_TEST(place_among_others_with_short_hops);
    CPPUNIT_TEST(across_a_change_of_taps);
    CPPUNIT_TEST(silence);
    CPPUNIT_TEST(many_taints_leave_the_others_alone);
    CPPUNIT_TEST_SUITE_END();

    void check_taint(const Kind &kind, double value, size_t hop, size_t t, size_t n_taps = 70)
    {
        const std::string label =
            say(kind.label, " ", value, " at ", t, ", hop=", hop, " P=", n_taps, " seed=41");
        const size_t width = sample_width(kind.type);
        Random random(41);
        Rows taps = random.taps(kind.type, {n_taps, 3, 25, 25});
        taps[3] = taps[tainted_channel]; /* one spectrum serves both */
        const Rows x = random.signal(kind.type, n_channels, n_samples);
        Rows bad = x;
        bad[tainted_channel][t * width + random.below(width)] = value;
        Filter filter({kind.type, kind.backend, 0, hop}, taps);
        Rows clean = play(filter, x, n_samples, random);
        filter.reset();
        Rows tainted = play(filter, bad, n_samples, random);
        const size_t n_reached = taps[tainted_channel].size() / tap_width(kind.type);
        if (kept(kind.type, t + n_reached) > kept(kind.type, t)) /* one is kept */
            CPPUNIT_ASSERT_MESSAGE(label,
                                   !same_bits(clean[tainted_channel], tainted[tainted_channel]));
        expect_ends(label,
                    clean[tainted_channel],
                    tainted[tainted_channel],
                    tainted_outputs(kind.type, filter.info(), t, n_samples),
                    width);
        clean[tainted_channel].clear();
        tainted[tainted_channel].clear();
        expect_same_bits(label + " other channels", clean, tainted);
    }

    void check_value(double value)
    {
        for (const Kind &kind : cpu_kinds()) {
            const Rows taps = Random(42).taps(kind.type, {70, 3, 25, 25});
            const size_t hop = Filter({kind.type, kind.backend}, taps).info().hop;
            for (size_t t : {size_t{0}, hop, hop / 2, 2 * hop - 1, size_t{2345}, n_samples - 1})
                check_taint(kind, value, 0, std::min(t, n_samples - 1));
        }
    }

    /* A channel gives the same bits alone, first, in the middle and last, whatever the others are,
     * and with a row of its own or a shared one. */
    void check_place(const Kind &kind, size_t hop, size_t n_taps)
    {
        const std::string label =
            say(kind.label, " hop=", hop, " P=", n_taps, ", place among others, seed=46");
        constexpr size_t n = 3000;
        Random random(46);
        const Rows row = random.taps(kind.type, {n_taps}), x = random.signal(kind.type, 1, n);
        Filter alone({kind.type, kind.backend, 0, hop}, row);
        const Rows expected = play(alone, x, n, random);
        for (size_t M : {2, 3, 7}) {
            Rows others = random.signal(kind.type, M, n);
            others[0][100] = std::nan("");
            for (size_t m : {size_t{0}, M / 2, M - 1}) {
                Rows taps = random.taps(kind.type, std::vector<size_t>(M, n_taps)), inputs = others;
                taps[m] = row[0];
                inputs[m] = x[0];
                Filter among({kind.type, kind.backend, 0, hop}, taps);
                Filter shared({kind.type, kind.backend, M, hop}, row);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label, alone.info().n_fft, among.info().n_fft);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label, alone.info().hop, among.info().hop);
                const std::string place = say(label, ": ", m, " of ", M);
                expect_same_bits(place, expected, {play(among, inputs, n, random)[m]});
                expect_same_bits(
                    place + ", shared row", expected, {play(shared, inputs, n, random)[m]});
            }
        }
    }

public:
    void not_a_number() { check_value(std::numeric_limits<double>::quiet_NaN()); }
    void infinity() { check_value(-std::numeric_limits<double>::infinity()); }
    void overload() { check_value(1e30); }

    void explicit_hops()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t hop : {1, 7, 100, 1001})
                for (size_t t : {1999, 2002, 2500})
                    check_taint(kind, std::numeric_limits<double>::quiet_NaN(), hop, t);
    }

    void long_taps_and_short_hops()
    {
        for (const Kind &kind : kinds_of("simd"))
            for (const ShortHop &c : short_hops(kind.type))
                for (size_t t : {size_t{0}, 4 * c.hop - 1, size_t{1003}})
                    check_taint(kind,
                                std::numeric_limits<double>::quiet_NaN(),
                                c.hop,
                                std::min(t, n_samples - 1),
                                c.n_taps);
    }

    void place_among_others()
    {
        for (const Kind &kind : cpu_kinds()) {
            check_place(kind, 0, 1);
            check_place(kind, 0, 90);
            check_place(kind, 50, 40);
        }
    }

    void place_among_others_with_short_hops()
    {
        for (const Kind &kind : kinds_of("simd")) {
            const size_t D = kind.type.decimation;
            for (const ShortHop &c :
                 {ShortHop{16, 1000}, ShortHop{20, 600}, ShortHop{250, 700}, ShortHop{256, 500}})
                check_place(kind, D * c.hop, std::min<size_t>(D * c.n_taps, 3000));
        }
    }

    /* The taint rings out with the taps it came with, and not into what the new ones give. */
    void across_a_change_of_taps()
    {
        constexpr size_t at = 3000, old_taps = 500;
        for (const Kind &kind : cpu_kinds()) {
            Random random(43);
            const Rows before = random.taps(kind.type, {old_taps, 20, 300, 7});
            const std::vector<Change> changes{{at, random.taps(kind.type, {10, 20, 30, 7})}};
            const Rows x = random.signal(kind.type, n_channels, n_samples);
            Rows bad = x;
            bad[tainted_channel][(at - 1) * sample_width(kind.type)] = std::nan("");
            Filter first({kind.type, kind.backend}, before),
                second({kind.type, kind.backend}, before);
            const size_t hop = first.info().hop;
            Rows clean = play(first, x, n_samples, changes, random, nullptr);
            Rows tainted = play(second, bad, n_samples, changes, random, nullptr);
            expect_ends(
                kind.label + " change, seed=43",
                clean[tainted_channel],
                tainted[tainted_channel],
                {(at - 1) / hop * hop / kind.type.decimation, kept(kind.type, at + old_taps - 1)},
                sample_width(kind.type));
            clean[tainted_channel].clear();
            tainted[tainted_channel].clear();
            expect_same_bits(kind.label + " change, other channels, seed=43", clean, tainted);
        }
    }

    void silence()
    {
        for (const Kind &kind : cpu_kinds()) {
            const size_t width = sample_width(kind.type);
            Random random(44);
            const Rows taps = random.taps(kind.type, {70, 3, 25, 25});
            const Rows x = random.signal(kind.type, n_channels, n_samples);
            Rows quiet = x;
            std::fill(quiet[tainted_channel].begin() + static_cast<std::ptrdiff_t>(1500 * width),
                      quiet[tainted_channel].begin() + static_cast<std::ptrdiff_t>(4500 * width),
                      0.0);
            Filter filter({kind.type, kind.backend}, taps);
            Rows clean = play(filter, x, n_samples, random);
            filter.reset();
            Rows y = play(filter, quiet, n_samples, random);
            expect_close(kind.label + " silence, seed=44",
                         kind.type,
                         respond(kind.type, quiet, n_samples, {{0, taps, filter.info().n_fft}}),
                         y);
            clean[tainted_channel].clear();
            y[tainted_channel].clear();
            expect_same_bits(kind.label + " silence, other channels, seed=44", clean, y);
        }
    }

    void many_taints_leave_the_others_alone()
    {
        for (const Kind &kind : cpu_kinds()) {
            Random random(45);
            const Rows row = random.taps(kind.type, {90});
            const Rows x = random.signal(kind.type, n_channels, n_samples);
            Rows bad = x;
            for (double &value : bad[tainted_channel])
                value = random.below(2) ? std::numeric_limits<double>::infinity() : std::nan("");
            Filter filter({kind.type, kind.backend, n_channels}, row);
            Rows clean = play(filter, x, n_samples, random);
            filter.reset();
            Rows tainted = play(filter, bad, n_samples, random);
            clean[tainted_channel].clear();
            tainted[tainted_channel].clear();
            expect_same_bits(kind.label + " seed=45", clean, tainted);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(channels_do_not_touch);

} // namespace
