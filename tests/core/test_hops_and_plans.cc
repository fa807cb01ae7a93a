/* SPDX-License-Identifier: GPL-3.0-or-later
 * A hop that is asked for is the hop that is used, and a plan that is chosen keeps its bounds. */
#include "compare.h"
#include "filter.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>
#include <set>

using namespace oac_test;

namespace
{

void expect_same_plan(const std::string &label, const oaconv_info &a, const oaconv_info &b)
{
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.n_fft, b.n_fft);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.segment, b.segment);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.hop, b.hop);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.latency, b.latency);
}

/* What holds for every plan. */
void expect_sound_plan(const std::string &label, const oaconv_info &info)
{
    CPPUNIT_ASSERT_MESSAGE(label, info.hop >= 1);
    CPPUNIT_ASSERT_MESSAGE(label, info.segment >= 1);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{0}, info.hop % info.decimation);
    CPPUNIT_ASSERT_MESSAGE(label, info.segment <= info.hop / info.decimation);
    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, info.hop - 1, info.latency);
    const std::string why = info.plan_reason;
    const std::string numbers =
        say(info.segment * info.decimation, " new samples in blocks of ", info.n_fft);
    const size_t branch_taps = (info.n_taps - 1) / info.decimation + 1;
    const size_t owed = (info.n_taps - 1 + info.decimation - 1) / info.decimation;
    CPPUNIT_ASSERT_MESSAGE(why, info.n_fft ? why.find(numbers) != std::string::npos : why.empty());
    if (info.n_partitions == 1) {
        const bool fits = info.n_fft == 0 || info.n_fft >= info.segment + owed;
        CPPUNIT_ASSERT_MESSAGE(label, fits);
    } else {
        const size_t partition = partition_of(info);
        CPPUNIT_ASSERT_MESSAGE(label, info.n_partitions * partition >= branch_taps);
        CPPUNIT_ASSERT_MESSAGE(label, (info.n_partitions - 1) * partition < branch_taps);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, info.hop, info.segment * info.decimation);
    }
}

/* The longest hop that is chosen for so many taps. */
size_t longest_hop(Type type, size_t n_taps)
{
    const size_t D = type.decimation, patience = D > 1 ? std::min<size_t>(64 * D, 65536) : 0;
    return std::max({4 * n_taps, size_t{512}, patience, D});
}

class hops_and_plans : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(hops_and_plans);
    CPPUNIT_TEST(explicit_hop_is_exact);
    CPPUNIT_TEST(plans_are_sound_for_every_decimation);
    CPPUNIT_TEST(explicit_hop_outlives_tap_changes);
    CPPUNIT_TEST(explicit_hop_is_not_bound_by_max_hop);
    CPPUNIT_TEST(max_hop_is_respected);
    CPPUNIT_TEST(max_hop_outlives_tap_changes);
    CPPUNIT_TEST(chosen_hop_keeps_its_bound);
    CPPUNIT_TEST(chosen_hop_is_worth_its_transform);
    CPPUNIT_TEST(same_request_same_plan);
    CPPUNIT_TEST(taps_may_be_as_long_as_the_hop_or_the_transform);
    CPPUNIT_TEST(short_hops_for_long_taps_are_partitioned);
    CPPUNIT_TEST(a_low_bound_for_long_taps_is_no_cliff);
    CPPUNIT_TEST(short_hops_of_the_tests_have_partitions_of_all_kinds);
    CPPUNIT_TEST_SUITE_END();

    void check_hop(const Kind &kind, size_t least_hop, size_t n_taps, size_t n)
    {
        const size_t hop = whole_hop(kind.type, least_hop);
        const std::string label =
            say(kind.label, " hop=", hop, " P=", n_taps, " n=", n, " seed=11");
        Random random(11);
        const Rows taps = random.taps(kind.type, {n_taps, n_taps / 3 + 1});
        const Rows x = random.signal(kind.type, 2, n);
        Filter filter({kind.type, kind.backend, 0, hop}, taps);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, hop, filter.info().hop);
        expect_sound_plan(label, filter.info());
        expect_close(label,
                     kind.type,
                     respond(kind.type, x, n, {{0, taps, filter.info().n_fft}}),
                     play(filter, x, n, random));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, hop, filter.info().hop);
    }

public:
    void explicit_hop_is_exact()
    {
        for (const Kind &kind : cpu_kinds()) {
            for (size_t hop : {1, 2, 3, 7, 31, 100, 3000})
                for (size_t n_taps : {1, 2, 9, 64, 1000})
                    check_hop(kind, hop, n_taps, std::min<size_t>(2 * hop + hop / 2 + 300, 6100));
            check_hop(kind, 4999, 3, 9000);
        }
    }

    /* No bound, bounds within a hop and beyond it, and hops of one sample out and more. */
    void plans_are_sound_for_every_decimation()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t D : {2, 3, 5, 8, 64, 100, 1000, 65536})
                for (size_t n_taps : {size_t{1}, size_t{2}, D, D + 1, size_t{700}, size_t{5000}}) {
                    if (kind.type.decimation == 1 || kind.type == OAC_COMPLEX_REAL_TAPS ||
                        n_taps > 5000)
                        continue; /* once is enough; so are two types; too much memory */
                    const Type type(kind.type, kind.type.precision, D);
                    const Rows taps = Random(21).taps(type, {n_taps});
                    for (size_t n_out : {1, 2, 17, 100}) {
                        const std::string label =
                            say(kind.label, " D=", D, " P=", n_taps, " hop=", n_out * D);
                        const Filter filter({type, kind.backend, 0, n_out * D}, taps);
                        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, n_out * D, filter.info().hop);
                        expect_sound_plan(label, filter.info());
                    }
                    for (size_t max_hop : {size_t{0}, size_t{1}, D - 1, D, 10 * D + 1}) {
                        const std::string label =
                            say(kind.label, " D=", D, " P=", n_taps, " max_hop=", max_hop);
                        const Filter filter({type, kind.backend, 0, 0, max_hop}, taps);
                        const size_t bound = max_hop ? max_hop : longest_hop(type, n_taps);
                        CPPUNIT_ASSERT_MESSAGE(label, filter.info().hop <= std::max(bound, D));
                        expect_sound_plan(label, filter.info());
                    }
                }
    }

    void explicit_hop_outlives_tap_changes()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t hop : {1, 7, 640}) {
                Random random(12);
                Filter filter({kind.type, kind.backend, 0, hop}, random.taps(kind.type, {10}));
                for (size_t n_taps : {2000, 1, 300}) {
                    filter.prepare(random.taps(kind.type, {n_taps}));
                    CPPUNIT_ASSERT(filter.swap());
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(
                        kind.label, whole_hop(kind.type, hop), filter.info().hop);
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, n_taps, filter.info().n_taps);
                    expect_sound_plan(kind.label, filter.info());
                }
            }
    }

    void explicit_hop_is_not_bound_by_max_hop()
    {
        for (const Kind &kind : cpu_kinds()) {
            Filter filter({kind.type, kind.backend, 0, 500, 100}, Random(13).taps(kind.type, {10}));
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, whole_hop(kind.type, 500), filter.info().hop);
        }
    }

    void max_hop_is_respected()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t max_hop : {1, 2, 3, 15, 64, 100, 1000})
                for (size_t n_taps : {1, 50, 600}) {
                    const std::string label =
                        say(kind.label, " max_hop=", max_hop, " P=", n_taps, " seed=14");
                    Random random(14);
                    const Rows taps = random.taps(kind.type, {n_taps});
                    const Rows x = random.signal(kind.type, 1, 700);
                    Filter filter({kind.type, kind.backend, 0, 0, max_hop}, taps);
                    CPPUNIT_ASSERT_MESSAGE(
                        label, filter.info().hop <= std::max(max_hop, kind.type.decimation));
                    expect_sound_plan(label, filter.info());
                    expect_close(label,
                                 kind.type,
                                 respond(kind.type, x, 700, {{0, taps, filter.info().n_fft}}),
                                 play(filter, x, 700, random));
                }
    }

    void max_hop_outlives_tap_changes()
    {
        for (const Kind &kind : cpu_kinds()) {
            Random random(15);
            Filter filter({kind.type, kind.backend, 0, 0, 100}, random.taps(kind.type, {5}));
            for (size_t n_taps : {3000, 1, 400}) {
                filter.prepare(random.taps(kind.type, {n_taps}));
                CPPUNIT_ASSERT(filter.swap());
                CPPUNIT_ASSERT_MESSAGE(say(kind.label, " P=", n_taps),
                                       filter.info().hop <=
                                           std::max<size_t>(100, kind.type.decimation));
            }
        }
    }

    void chosen_hop_keeps_its_bound()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t n_channels : {1, 16})
                for (size_t n_taps = 1; n_taps < 3000; n_taps = n_taps * 3 / 2 + 1) {
                    Random random(16);
                    Filter filter({kind.type, kind.backend, n_channels},
                                  random.taps(kind.type, {n_taps}));
                    const oaconv_info info = filter.info();
                    const std::string label = say(kind.label, " M=", n_channels, " P=", n_taps);
                    expect_sound_plan(label, info);
                    CPPUNIT_ASSERT_MESSAGE(label, info.hop <= longest_hop(kind.type, n_taps));
                }
    }

    /* The transform spends no more than a small multiple of what taps and hop need. */
    void chosen_hop_is_worth_its_transform()
    {
        for (oaconv_type type : all_types())
            for (size_t n_taps : {1, 16, 200, 2000}) {
                Filter filter({type, "auto"}, Random(17).taps(type, {n_taps}));
                const oaconv_info info = filter.info();
                const std::string label = say("auto, type ", type, " P=", n_taps);
                CPPUNIT_ASSERT_MESSAGE(label, info.hop >= n_taps / 2);
                CPPUNIT_ASSERT_MESSAGE(label, info.hop >= 16);
                CPPUNIT_ASSERT_MESSAGE(label, info.n_fft <= 2 * (info.segment + n_taps));
            }
    }

    void same_request_same_plan()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t n_taps : {1, 63, 777}) {
                Random random(18);
                Filter first({kind.type, kind.backend}, random.taps(kind.type, {n_taps, 1}));
                Filter second({kind.type, kind.backend}, random.taps(kind.type, {n_taps, 1}));
                expect_same_plan(kind.label, first.info(), second.info());
                second.prepare(random.taps(kind.type, {2 * n_taps, 1}));
                CPPUNIT_ASSERT(second.swap());
                second.prepare(random.taps(kind.type, {n_taps, 1}));
                CPPUNIT_ASSERT(second.swap());
                expect_same_plan(kind.label + " after changes", first.info(), second.info());
            }
    }

    void taps_may_be_as_long_as_the_hop_or_the_transform()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t n_taps : {15, 16, 17, 47, 48, 49, 255, 256, 257})
                for (size_t hop : {n_taps - 1, n_taps, n_taps + 1})
                    check_hop(kind, hop, n_taps, 3 * hop + 1);
    }

    /* Also with partitions of several segments, and segments that are no whole vectors. */
    void short_hops_for_long_taps_are_partitioned()
    {
        for (const Kind &kind : cpu_kinds())
            for (size_t segment : {1, 5, 16, 20, 64, 250, 256, 257}) {
                const size_t D = kind.type.decimation, hop = D * segment;
                if (D > 1 && hop > 1000)
                    continue; /* signals of several hops would be long */
                const std::string label = say(kind.label, " hop=", hop);
                const size_t n_taps = D * 20 * std::max<size_t>(segment, 40) + 7;
                check_hop(kind, hop, n_taps, 9 * hop + hop / 2 + 900);
                const oaconv_info info =
                    Filter({kind.type, kind.backend, 0, hop}, Random(19).taps(kind.type, {n_taps}))
                        .info();
                if (kind.backend == std::string("simd"))
                    CPPUNIT_ASSERT_MESSAGE(label, info.n_partitions > 1);
                else
                    CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{1}, info.n_partitions);
            }
    }

    /* Few and many; of one segment and of several; of whole vectors and not. With decimation fewer
     * are cheapest, and not all hops are tried. */
    void short_hops_of_the_tests_have_partitions_of_all_kinds()
    {
        for (const Kind &kind : kinds_of("simd")) {
            std::set<size_t> numbers;
            std::set<std::pair<bool, bool>> shapes;
            for (const ShortHop &c : short_hops(kind.type)) {
                const oaconv_info info = Filter({kind.type, kind.backend, 0, c.hop},
                                                Random(20).taps(kind.type, {c.n_taps}))
                                             .info();
                CPPUNIT_ASSERT_MESSAGE(say(kind.label, " hop=", c.hop, " P=", c.n_taps),
                                       info.n_partitions > 1);
                const bool several = info.n_fft + 1 >= 3 * info.segment;
                numbers.insert(info.n_partitions);
                shapes.insert({several, info.segment % 16 == 0});
            }
            const bool all = kind.type.decimation == 1;
            CPPUNIT_ASSERT_MESSAGE(kind.label, *numbers.begin() <= (all ? 2 : 8));
            CPPUNIT_ASSERT_MESSAGE(kind.label, *numbers.rbegin() >= (all ? 50 : 12));
            CPPUNIT_ASSERT_MESSAGE(kind.label, shapes.size() >= (all ? 4 : 2));
        }
    }

    void a_low_bound_for_long_taps_is_no_cliff()
    {
        constexpr size_t n_taps = 20000;
        for (oaconv_type type : all_types())
            for (size_t max_hop : {1, 15, 33, 63, 64, 200}) {
                const std::string label = say("simd, type ", type, ", max_hop=", max_hop);
                const Rows taps = Random(20).taps(type, {n_taps});
                const Filter filter({type, "simd", 0, 0, max_hop}, taps);
                const oaconv_info bound = filter.info();
                const oaconv_info asked = Filter({type, "simd", 0, bound.hop}, taps).info();
                expect_sound_plan(label, bound);
                CPPUNIT_ASSERT_MESSAGE(label, bound.hop <= max_hop && bound.hop >= max_hop / 2);
                CPPUNIT_ASSERT_MESSAGE(label, bound.n_partitions > 1);
                CPPUNIT_ASSERT_MESSAGE(label, bound.cost <= 1.1 * asked.cost);
            }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(hops_and_plans);

} // namespace
