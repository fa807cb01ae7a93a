/* SPDX-License-Identifier: GPL-3.0-or-later
 * The GPU path is right, in whatever order a GPU may run things: on the double of CUDA. */
#include "fakecuda.h"
#include "gpu_filter.h"

#include <cmath>
#include <cppunit/extensions/HelperMacros.h>
#include <thread>

using namespace oac_test;

namespace
{

class gpu_double : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(gpu_double);
    CPPUNIT_TEST(every_shape_is_right);
    CPPUNIT_TEST(every_order_is_right);
    CPPUNIT_TEST(channels_do_not_touch);
    CPPUNIT_TEST(nothing_is_lost_with_any_number_of_samples);
    CPPUNIT_TEST(nothing_is_lost_that_decimation_keeps);
    CPPUNIT_TEST(memory_is_reported);
    CPPUNIT_TEST(any_thread_may_filter);
    CPPUNIT_TEST(an_fft_that_spoils_its_input_is_refused);
    CPPUNIT_TEST_SUITE_END();

    /* Right, on the GPU from the first sample to the last, and clean. */
    static void check(const GpuCase &c, const std::string &order, unsigned seed)
    {
        const std::string label = c.label() + ", " + order;
        fakecuda_reset(order.c_str());
        const Outcome outcome = play_case(c, "gpu", seed);
        CPPUNIT_ASSERT_MESSAGE(label + ": " + outcome.message, !outcome.refused);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, std::string("cuda"), outcome.backend);
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, uint64_t{0}, outcome.info.gpu_losses);
        CPPUNIT_ASSERT_MESSAGE(label, (outcome.info.gpu_calls > 0) == (c.n > 0));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, size_t{0}, outcome.log.errors.size());
        expect_clean(label);
    }

    static void expect_clean(const std::string &label)
    {
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label + ": " + fakecuda_report(), 0L, fakecuda_violations());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(label, 0L, fakecuda_leaks());
    }

public:
    void setUp() override { fakecuda_wipe(); }
    void tearDown() override { fakecuda_reset(nullptr); }

    void every_shape_is_right()
    {
        for (const GpuCase &c : gpu_cases(true))
            for (const char *order : {"eager", "lazy", "random:1"})
                check(c, order, 1);
    }

    void every_order_is_right()
    {
        unsigned seed = 0;
        for (const GpuCase &c : gpu_cases(false))
            for (int i = 0; i < (c.type.decimation == 1 ? 20 : 6); i++, seed++)
                check(c, say("random:", seed), seed);
    }

    /* What is wrong in one channel changes no bit of the others. */
    void channels_do_not_touch()
    {
        for (const Type &type : few_gpu_types())
            for (const float wrong : {NAN, INFINITY, 3e38f}) {
                Random random(5);
                const Rows taps = random.taps(type, {37, 100, 1});
                const Rows x = random.signal(type, 3, 1500);
                Rows tainted = x;
                for (size_t i = 700; i < 710 + type.decimation; i++)
                    tainted[1][i] = wrong;
                fakecuda_reset("lazy");
                Random cuts(3), same_cuts(3);
                Filter clean({type, "gpu", 0, 1, 0, 1, 200}, taps);
                Filter other({type, "gpu", 0, 1, 0, 1, 200}, taps);
                const Rows expected = play(clean, x, 1500, cuts);
                const Rows actual = play(other, tainted, 1500, same_cuts);
                for (const size_t m : {0, 2})
                    expect_same_bits("other channels", {expected[m]}, {actual[m]});
            }
        expect_clean("channels do not touch");
    }

    void nothing_is_lost_with_any_number_of_samples()
    {
        for (const Type &type : few_gpu_types())
            for (size_t n : {0, 1, 2, 36, 37, 38, 59, 60, 61, 91, 92, 93, 119, 120, 121, 500})
                check({type, {37, 12}, 2, 60, n}, "lazy", unsigned(n));
    }

    /* One tap: there are samples that nothing comes out of. */
    void nothing_is_lost_that_decimation_keeps()
    {
        for (const size_t D : {2, 100})
            for (oaconv_type type : all_types())
                for (size_t n : {1, 2, 3, 60, 199, 200, 201})
                    check({{type, OAC_SINGLE, D}, {1, 1}, 2, 20, n}, "lazy", unsigned(n));
    }

    void memory_is_reported()
    {
        for (const size_t D : {1, 3, 200}) {
            fakecuda_wipe();
            fakecuda_reset(nullptr);
            Random random(1);
            const Type type(OAC_COMPLEX, OAC_SINGLE, D);
            const Rows taps = random.taps(type, {100, 100});
            {
                Filter filter({type, "gpu"}, taps);
                CPPUNIT_ASSERT(filter.info().device_bytes > 0);
                CPPUNIT_ASSERT(filter.info().pinned_bytes > 0);
                CPPUNIT_ASSERT_EQUAL(fakecuda_device_bytes(), filter.info().device_bytes);
                CPPUNIT_ASSERT_EQUAL(fakecuda_pinned_bytes(), filter.info().pinned_bytes);
                const std::string why = filter.info().plan_reason;
                CPPUNIT_ASSERT_MESSAGE(
                    why, why.find(say("blocks of ", filter.info().n_fft)) != std::string::npos);
            }
            Filter on_cpu({type, "cpu"}, taps);
            CPPUNIT_ASSERT_EQUAL(size_t{0}, on_cpu.info().device_bytes);
            expect_clean("memory");
        }
    }

    void any_thread_may_filter()
    {
        fakecuda_reset("lazy");
        Random random(2);
        const Rows taps = random.taps(OAC_REAL, {9}), x = random.signal(OAC_REAL, 1, 300);
        {
            Filter filter({OAC_REAL, "gpu", 0, 1, 0, 1, 100}, taps);
            Rows y;
            std::thread([&] { filter.process(x, 0, 300, y, random); }).join();
            std::thread([&] { filter.prepare(taps); }).join();
            CPPUNIT_ASSERT_EQUAL(uint64_t{0}, filter.info().gpu_losses);
        }
        expect_clean("threads");
    }

    void an_fft_that_spoils_its_input_is_refused()
    {
        for (const size_t D : {1, 2, 5}) {
            fakecuda_reset("lazy");
            fakecuda_r2c_clobbers(1);
            const Outcome outcome =
                play_case({{OAC_REAL, OAC_SINGLE, D}, {37}, 1, 100, 500}, "gpu", 1);
            fakecuda_r2c_clobbers(0);
            CPPUNIT_ASSERT(outcome.refused);
            CPPUNIT_ASSERT_MESSAGE(outcome.message,
                                   outcome.message.find("self-test failed") != std::string::npos);
            expect_clean("refused");
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_double);

} // namespace
