/* SPDX-License-Identifier: GPL-3.0-or-later
 * What every linear, time-invariant filter does, without an oracle. */
#include "compare.h"
#include "filter.h"

#include <cmath>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

constexpr size_t n_samples = 3001, n_taps = 150;

/* Adds factor * b, delayed by `delay` samples, to a. */
void add(Rows &a, const Rows &b, double factor, size_t delay, size_t width)
{
    for (size_t m = 0; m < a.size(); m++)
        for (size_t i = 0; i < b[m].size() && i + delay * width < a[m].size(); i++)
            a[m][i + delay * width] += factor * b[m][i];
}

class laws : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(laws);
    CPPUNIT_TEST(impulse_gives_the_taps);
    CPPUNIT_TEST(sums_come_out_as_sums);
    CPPUNIT_TEST(delay_comes_out_as_delay);
    CPPUNIT_TEST(one_tap_scales);
    CPPUNIT_TEST(silence_stays_silence);
    CPPUNIT_TEST(decimation_keeps_every_dth_sample);
    CPPUNIT_TEST_SUITE_END();

public:
    void impulse_gives_the_taps()
    {
        for (const Kind &kind : kinds())
            for (size_t at : {0, 1, 777, 3000}) {
                const size_t width = sample_width(kind.type), t_width = tap_width(kind.type);
                Random random(21);
                const Rows taps = random.taps(kind.type, {n_taps, n_taps / 2});
                Rows x(2, Row(n_samples * width));
                x[0][at * width] = x[1][at * width] = 1;
                Rows expected(2, Row((n_samples + n_taps - 1) * width));
                for (size_t m = 0; m < 2; m++)
                    for (size_t i = 0; i < taps[m].size(); i++)
                        expected[m][(at + i / t_width) * width + i % t_width] = taps[m][i];
                Filter filter({kind.type, kind.backend}, taps);
                expect_near(say(kind.label, " impulse at ", at, " seed=21"),
                            keep(kind.type, expected),
                            play(filter, x, n_samples, random),
                            8 * kind.type.epsilon());
            }
    }

    void sums_come_out_as_sums()
    {
        for (const Kind &kind : kinds()) {
            Random random(22);
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {n_taps, 3}));
            const Rows a = random.signal(kind.type, 2, n_samples);
            const Rows b = random.signal(kind.type, 2, n_samples);
            Rows both = a;
            add(both, b, 0.5, 0, 1);
            Rows expected = play(filter, a, n_samples, random);
            filter.reset();
            add(expected, play(filter, b, n_samples, random), 0.5, 0, 1);
            filter.reset();
            expect_near(kind.label + " sum, seed=22",
                        expected,
                        play(filter, both, n_samples, random),
                        16 * n_taps * kind.type.epsilon());
        }
    }

    void delay_comes_out_as_delay()
    {
        for (const Kind &kind : kinds())
            for (size_t delay_out : {1, 100, 1023}) {
                const size_t width = sample_width(kind.type);
                const size_t delay = delay_out * kind.type.decimation;
                Random random(23);
                Filter filter({kind.type, kind.backend}, random.taps(kind.type, {n_taps, 3}));
                const Rows x = random.signal(kind.type, 2, n_samples);
                Rows later(2, Row((n_samples + delay) * width));
                add(later, x, 1, delay, width);
                Rows expected(2, Row(kept(kind.type, n_samples + delay + n_taps - 1) * width));
                add(expected, play(filter, x, n_samples, random), 1, delay_out, width);
                filter.reset();
                expect_near(say(kind.label, " delay ", delay, " seed=23"),
                            expected,
                            play(filter, later, n_samples + delay, random),
                            8 * n_taps * kind.type.epsilon());
            }
    }

    void one_tap_scales()
    {
        for (const Kind &kind : kinds()) {
            Random random(24);
            const Rows x = random.signal(kind.type, 1, n_samples);
            Row tap(tap_width(kind.type));
            tap[0] = 0.75;
            Rows expected{Row(x[0].size())};
            add(expected, x, 0.75, 0, 1);
            Filter filter({kind.type, kind.backend}, {tap});
            CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, size_t{0}, filter.tail_length());
            expect_near(kind.label + " one tap, seed=24",
                        keep(kind.type, expected),
                        play(filter, x, n_samples, random),
                        8 * kind.type.epsilon());
        }
    }

    void silence_stays_silence()
    {
        for (const Kind &kind : kinds()) {
            Random random(25);
            Filter filter({kind.type, kind.backend}, random.taps(kind.type, {n_taps}));
            const Rows silence{Row(n_samples * sample_width(kind.type))};
            const Rows silent = play(filter, silence, n_samples, random);
            for (double y : silent[0])
                CPPUNIT_ASSERT_MESSAGE(kind.label, y == 0);
        }
    }

    /* With more taps than branches and with fewer. */
    void decimation_keeps_every_dth_sample()
    {
        for (const Kind &kind : all_kinds())
            for (size_t D : {2, 3, 4, 5, 7, 8, 16, 200}) {
                const Type decimated(kind.type, kind.type.precision, D);
                if (kind.backend == std::string("cuda"))
                    continue;
                Random random(26);
                const Rows taps = random.taps(kind.type, {n_taps, 3});
                const Rows x = random.signal(kind.type, 2, n_samples);
                Filter all({Type(kind.type, kind.type.precision), kind.backend}, taps);
                Filter some({decimated, kind.backend}, taps);
                expect_near(say(kind.label, " every ", D, "th sample, seed=26"),
                            keep(decimated, play(all, x, n_samples, random)),
                            play(some, x, n_samples, random),
                            16 * n_taps * kind.type.epsilon());
            }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(laws);

} // namespace
