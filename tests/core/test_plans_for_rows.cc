/* SPDX-License-Identifier: GPL-3.0-or-later
 * Plans for rows whose length is known, and plans that another filter has made. */
#include "compare.h"
#include "filter.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

class plans_for_rows : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(plans_for_rows);
    CPPUNIT_TEST(long_rows_are_planned_for_throughput);
    CPPUNIT_TEST(short_rows_take_one_small_transform);
    CPPUNIT_TEST(rows_beside_it_do_not_change_a_plan);
    CPPUNIT_TEST(a_plan_can_be_had_again);
    CPPUNIT_TEST(a_plan_holds_for_shorter_taps);
    CPPUNIT_TEST(plans_that_cannot_be_are_refused);
    CPPUNIT_TEST_SUITE_END();

    static Spec for_rows(const Kind &kind, size_t row_length)
    {
        Spec spec{kind.type, kind.backend};
        spec.row_length = row_length;
        return spec;
    }

    static Spec with_plan(const Kind &kind, const oaconv_info &info)
    {
        Spec spec{kind.type, kind.backend};
        spec.n_fft = info.n_fft;
        spec.segment = info.segment;
        spec.hop = info.hop;
        return spec;
    }

    static std::vector<Kind> kinds_with_fft()
    {
        std::vector<Kind> kinds;
        for (const Kind &kind : cpu_kinds())
            if (kind.backend != std::string("direct"))
                kinds.push_back(kind);
        return kinds;
    }

    static void expect_same_plan(const std::string &label, oaconv_info a, oaconv_info b)
    {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.n_fft, b.n_fft);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.segment, b.segment);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, a.hop, b.hop);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{1}, b.n_partitions);
    }

    static void expect_refused(const Kind &kind, const oaconv_info &plan, size_t n_taps)
    {
        const TapRows taps(kind.type, Random(94).taps(kind.type, {n_taps}));
        const oaconv_config config = to_config(with_plan(kind, plan), taps);
        oaconv *filter = nullptr;
        const std::string label = say(
            kind.label, " N=", plan.n_fft, " L=", plan.segment, " hop=", plan.hop, " P=", n_taps);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, OAC_ERR_ARG, oaconv_create(&filter, &config));
        CPPUNIT_ASSERT_MESSAGE(label, !filter);
        CPPUNIT_ASSERT_MESSAGE(oaconv_last_error(),
                               std::string(oaconv_last_error()).find("plan") != std::string::npos);
    }

public:
    void long_rows_are_planned_for_throughput()
    {
        for (const Kind &kind : kinds_with_fft())
            for (size_t n_taps : {1, 64, 1000, 5000}) {
                const std::string label = say(kind.label, " P=", n_taps);
                const Rows taps = Random(91).taps(kind.type, {n_taps});
                Spec stream{kind.type, kind.backend}, long_hop = stream;
                long_hop.hop = 1 << 16;
                const double row = Filter(for_rows(kind, 1 << 22), taps).info().cost;
                CPPUNIT_ASSERT_MESSAGE(label, row <= 1.02 * Filter(stream, taps).info().cost);
                CPPUNIT_ASSERT_MESSAGE(label, row <= 1.05 * Filter(long_hop, taps).info().cost);
            }
    }

    void short_rows_take_one_small_transform()
    {
        for (const Kind &kind : kinds_with_fft())
            for (size_t n_taps : {1, 20, 700}) {
                const oaconv_info info =
                    Filter(for_rows(kind, 10), Random(92).taps(kind.type, {n_taps})).info();
                const std::string label = say(kind.label, " P=", n_taps, " N=", info.n_fft);
                CPPUNIT_ASSERT_MESSAGE(label, info.hop >= 10);
                CPPUNIT_ASSERT_MESSAGE(label, info.n_fft <= std::max<size_t>(128, 2 * n_taps));
            }
    }

    void rows_beside_it_do_not_change_a_plan()
    {
        for (const Kind &kind : kinds_with_fft())
            for (size_t n_taps : {3, 500, 20000}) {
                Random random(93);
                const Rows one = random.taps(kind.type, {n_taps});
                const Rows many = random.taps(kind.type, std::vector<size_t>(40, n_taps));
                Spec shared = for_rows(kind, 100000);
                shared.n_channels = 300;
                const oaconv_info alone = Filter(for_rows(kind, 100000), one).info();
                const std::string label = say(kind.label, " P=", n_taps);
                expect_same_plan(label, alone, Filter(for_rows(kind, 100000), many).info());
                expect_same_plan(label, alone, Filter(shared, one).info());
            }
    }

    void a_plan_can_be_had_again()
    {
        for (const Kind &kind : kinds_with_fft())
            for (size_t hop : {0, 100, 3000}) {
                Random random(95);
                const Rows taps = random.taps(kind.type, {300, 20});
                const Rows x = random.signal(kind.type, 2, 5000);
                Spec spec = for_rows(kind, 5000);
                spec.hop = hop;
                Filter first(spec, taps);
                Filter again(with_plan(kind, first.info()), taps);
                const std::string label = say(kind.label, " hop=", hop, " seed=95");
                expect_same_plan(label, first.info(), again.info());
                expect_same_bits(label, play(first, x, 5000, random), play(again, x, 5000, random));
            }
    }

    void a_plan_holds_for_shorter_taps()
    {
        for (const Kind &kind : kinds_with_fft()) {
            Random random(96);
            Rows taps = random.taps(kind.type, {300, 77});
            const Rows x = random.signal(kind.type, 2, 5000);
            Filter both(for_rows(kind, 5000), taps);
            Filter second(with_plan(kind, both.info()), {taps[1]});
            Rows together = play(both, x, 5000, random);
            Rows alone = play(second, {x[1]}, 5000, random);
            together = {together[1]};
            together[0].resize(alone[0].size());
            expect_near(kind.label + " seed=96", together, alone, 1000 * kind.type.epsilon());
        }
    }

    void plans_that_cannot_be_are_refused()
    {
        for (const Kind &kind : kinds_with_fft()) {
            oaconv_info good =
                Filter(for_rows(kind, 5000), Random(94).taps(kind.type, {300})).info();
            const auto changed = [&](size_t n_fft, size_t segment, size_t hop) {
                oaconv_info plan = good;
                plan.n_fft = n_fft;
                plan.segment = segment;
                plan.hop = hop;
                return plan;
            };
            const size_t D = kind.type.decimation;
            expect_refused(kind, good, D * good.n_fft + 1);
            expect_refused(kind, good, D * (good.n_fft - good.segment) + 2);
            expect_refused(kind, changed(good.n_fft + 1, good.segment, good.hop), 300);
            expect_refused(kind, changed(7 * 512, good.segment, good.hop), 300);
            expect_refused(kind, changed(8, 1, 1), 1);
            expect_refused(kind, changed(size_t{1} << 31, good.segment, good.hop), 300);
            expect_refused(kind, changed(0, good.segment, good.hop), 300);
            expect_refused(kind, changed(good.n_fft, 0, good.hop), 300);
            expect_refused(kind, changed(good.n_fft, good.segment, 0), 300);
            expect_refused(kind, changed(good.n_fft, good.segment, D * (good.segment - 1)), 300);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(plans_for_rows);

} // namespace
