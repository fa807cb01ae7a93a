/* SPDX-License-Identifier: GPL-3.0-or-later
 * oaconv_convolve(), and sizes at the far end: many channels, very long taps. */
#include "compare.h"
#include "filter.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

class whole_rows : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(whole_rows);
    CPPUNIT_TEST(convolve_equals_the_sum);
    CPPUNIT_TEST(convolve_with_one_shared_row);
    CPPUNIT_TEST(convolve_equals_the_stream);
    CPPUNIT_TEST(no_samples_write_nothing);
    CPPUNIT_TEST(wrong_arguments_are_refused);
    CPPUNIT_TEST(a_thousand_channels);
    CPPUNIT_TEST(a_million_taps);
    CPPUNIT_TEST_SUITE_END();

    /* Whole rows, into buffers of exactly n + P - 1 samples, or those that decimation keeps. */
    static Rows convolve(const Kind &kind, const Rows &x, size_t n, const Rows &taps, size_t hop)
    {
        const TapRows rows(kind.type, taps);
        const oaconv_config config = to_config({kind.type, kind.backend, x.size(), hop}, rows);
        const size_t length = kept(kind.type, n + longest(kind.type, taps) - 1);
        const oaconv_precision precision = kind.type.precision;
        Buffers in(precision, x);
        Buffers out(precision, Rows(x.size(), Row(length * sample_width(kind.type), -77.0)));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(
            std::string(oaconv_last_error()),
            OAC_OK,
            oaconv_convolve(&config, in.pointers().data(), out.pointers().data(), n));
        return out.rows();
    }

    /* The transform size that convolve() works with. */
    static size_t
    n_fft_of(const Kind &kind, const Rows &taps, size_t n_channels, size_t n, size_t hop)
    {
        Spec spec{kind.type, kind.backend, n_channels, hop};
        spec.row_length = n;
        return Filter(spec, taps).info().n_fft;
    }

    static void check(const Kind &kind,
                      const std::vector<size_t> &lengths,
                      size_t n_channels,
                      size_t n,
                      size_t hop)
    {
        Random random(81);
        const Rows taps = random.taps(kind.type, lengths);
        const Rows x = random.signal(kind.type, n_channels, n);
        expect_close(
            say(kind.label, " n=", n, " P[0]=", lengths[0], " hop=", hop, " seed=81"),
            kind.type,
            respond(kind.type, x, n, {{0, taps, n_fft_of(kind, taps, n_channels, n, hop)}}),
            convolve(kind, x, n, taps, hop));
    }

public:
    void convolve_equals_the_sum()
    {
        for (const Kind &kind : kinds())
            for (size_t n : {1, 10, 512, 513, 3000}) {
                check(kind, {1}, 1, n, 0);
                check(kind, {700}, 1, n, 0);
                check(kind, {50, 1, 333}, 3, n, 0);
                check(kind, {50, 1, 333}, 3, n, 100);
            }
    }

    void convolve_with_one_shared_row()
    {
        for (const Kind &kind : kinds())
            for (size_t n : {1, 2000})
                check(kind, {77}, 5, n, 0);
    }

    void convolve_equals_the_stream()
    {
        for (const Kind &kind : kinds()) {
            Random random(82);
            const Rows taps = random.taps(kind.type, {100, 20});
            const Rows x = random.signal(kind.type, 2, 2345);
            Spec spec{kind.type, kind.backend};
            spec.row_length = 2345;
            Filter filter(spec, taps);
            expect_repeated(kind.backend,
                            kind.label + " seed=82",
                            play(filter, x, 2345, random),
                            convolve(kind, x, 2345, taps, 0));
        }
    }

    void no_samples_write_nothing()
    {
        for (const Kind &kind : kinds()) {
            const Rows taps = Random(83).taps(kind.type, {100});
            const TapRows rows(kind.type, taps);
            const oaconv_config config = to_config({kind.type, kind.backend}, rows);
            float untouched[4] = {1, 2, 3, 4};
            void *out[] = {untouched};
            CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_convolve(&config, nullptr, out, 0));
            CPPUNIT_ASSERT_EQUAL(OAC_OK, oaconv_convolve(&config, nullptr, nullptr, 0));
            for (int i = 0; i < 4; i++)
                CPPUNIT_ASSERT_EQUAL_MESSAGE(kind.label, static_cast<float>(i + 1), untouched[i]);
        }
    }

    void wrong_arguments_are_refused()
    {
        for (const Kind &kind : kinds()) {
            const Rows taps = Random(84).taps(kind.type, {100, 3});
            const TapRows rows(kind.type, taps);
            oaconv_config config = to_config({kind.type, kind.backend}, rows);
            Rows x(2, Row(2000)), y(2, Row(4000));
            const void *in[] = {x[0].data(), x[1].data()};
            void *out[] = {y[0].data(), nullptr};
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_convolve(&config, nullptr, out, 1000));
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_convolve(&config, in, nullptr, 1000));
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_convolve(nullptr, in, out, 1000));
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_convolve(&config, in, out, 1000));
            CPPUNIT_ASSERT(std::string(oaconv_last_error()).find("channel 1") != std::string::npos);
            config.n_rows = 0;
            CPPUNIT_ASSERT_EQUAL(OAC_ERR_ARG, oaconv_convolve(&config, in, out, 0));
        }
    }

    void a_thousand_channels()
    {
        for (const Kind &kind : kinds()) {
            Random random(85);
            std::vector<size_t> lengths;
            for (size_t m = 0; m < 1024; m++)
                lengths.push_back(1 + m % 40);
            const Rows taps = random.taps(kind.type, lengths);
            const Rows x = random.signal(kind.type, 1024, 333);
            Filter filter({kind.type, kind.backend}, taps);
            CPPUNIT_ASSERT_EQUAL(size_t{1024}, filter.info().n_channels);
            expect_close(kind.label + " M=1024 seed=85",
                         kind.type,
                         respond(kind.type, x, 333, {{0, taps, filter.info().n_fft}}),
                         play(filter, x, 333, random));
        }
    }

    /* Impulses: the taps come out, each at its place, the sum of two where they meet. Without an
     * FFT the tail would take hours: the start must do. */
    void a_million_taps()
    {
        constexpr size_t n_taps = 1000000, n = 40, second = 39;
        for (const Kind &kind : kinds()) {
            const size_t width = sample_width(kind.type), t_width = tap_width(kind.type);
            Random random(86);
            const Rows taps = random.taps(kind.type, {n_taps});
            Rows x(1, Row(n * width));
            x[0][0] = 1;
            x[0][second * width] = 0.5;
            Rows expected(1, Row((n + n_taps - 1) * width));
            for (size_t i = 0; i < taps[0].size(); i++) {
                const size_t to = i / t_width * width + i % t_width;
                expected[0][to] += taps[0][i];
                expected[0][to + second * width] += 0.5 * taps[0][i];
            }
            Filter filter({kind.type, kind.backend}, taps);
            Rows y;
            if (filter.info().n_fft > 0) {
                y = convolve(kind, x, n, taps, 0);
            } else {
                y = play_head(filter, x, n, {}, random, nullptr);
                expected[0].resize(n * width);
            }
            expect_near(kind.label + " P=1000000 seed=86",
                        keep(kind.type, expected),
                        y,
                        32 * kind.type.epsilon());
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(whole_rows);

} // namespace
