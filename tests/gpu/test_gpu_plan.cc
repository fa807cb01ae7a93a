/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sizes for a GPU: numbers in, numbers out. */
#include "compare.h"

extern "C" {
#include "gpu_plan.h"
}

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

constexpr size_t MiB = 1 << 20;

class gpu_plans : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(gpu_plans);
    CPPUNIT_TEST(bytes_are_those_of_the_passes);
    CPPUNIT_TEST(bytes_of_branches_are_counted);
    CPPUNIT_TEST(every_plan_holds_the_taps);
    CPPUNIT_TEST(no_size_moves_fewer_bytes);
    CPPUNIT_TEST(units_stay_in_half_the_cache);
    CPPUNIT_TEST(there_are_plans_for_short_and_long_calls);
    CPPUNIT_TEST(long_calls_fill_the_slots);
    CPPUNIT_TEST_SUITE_END();

    static std::vector<gpu_shape> shapes()
    {
        std::vector<gpu_shape> list;
        for (const bool real : {true, false})
            for (const size_t n_channels : {1, 3, 64, 1024})
                for (const size_t n_taps : {1, 2, 37, 1000, 100000, 1000000})
                    for (const size_t decimation : {1, 2, 8, 50, 65536})
                        for (const size_t batch : {1, 1000, 16384, 1000000})
                            for (const size_t cache : {size_t{0}, 4 * MiB, 50 * MiB})
                                list.push_back({real,
                                                n_channels,
                                                n_channels,
                                                n_taps,
                                                decimation,
                                                batch,
                                                cache});
        return list;
    }

    static std::string label(const gpu_shape &shape)
    {
        return say(shape.real ? "real" : "complex",
                   " M=",
                   shape.n_channels,
                   " P=",
                   shape.n_taps,
                   " D=",
                   shape.decimation,
                   " batch=",
                   shape.batch,
                   " cache=",
                   shape.cache);
    }

    static gpu_plan plan_of(const gpu_shape &shape)
    {
        gpu_plan plan;
        oac_gpu_plan_init(&plan, &shape);
        return plan;
    }

    static size_t unit_bytes(const gpu_plan &plan, const gpu_shape &shape)
    {
        const size_t unsplit = shape.decimation > 1 ? shape.decimation * plan.segment : 0;
        const size_t floats = (unsplit + (plan.n_branches + 1) * plan.n_fft) * plan.width +
                              plan.n_branches * 2 * plan.n_bins;
        return shape.n_channels * plan.n_segments * floats * sizeof(float);
    }

public:
    /* 12 + 28 N ceil(n/L)/n for real samples, twice that for complex ones. */
    void bytes_are_those_of_the_passes()
    {
        const gpu_shape real{true, 4, 4, 129, 1, 1024, 0}, complex{false, 4, 4, 129, 1, 1024, 0};
        CPPUNIT_ASSERT_DOUBLES_EQUAL(
            12 + 28 * 256.0 * 8 / 1024, oac_gpu_bytes_per_sample(&real, 256, 1024), 1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(
            12 + 28 * 256.0 * 8 / 1000, oac_gpu_bytes_per_sample(&real, 256, 1000), 1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(/* twice through memory */
                                     12 + 44 * 16384.0 * 2 / 20000,
                                     oac_gpu_bytes_per_sample(&real, 16384, 20000),
                                     1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(
            24 + 56 * 256.0 * 8 / 1024, oac_gpu_bytes_per_sample(&complex, 256, 1024), 1e-9);
    }

    /* 8 + 8/D + (16 B + 16) N ceil(n/(D L))/n. */
    void bytes_of_branches_are_counted()
    {
        const gpu_shape many{true, 4, 4, 257, 4, 4096, 0}, few{false, 4, 4, 2, 4, 4096, 0};
        CPPUNIT_ASSERT_DOUBLES_EQUAL(
            8 + 2 + 80 * 256.0 * 6 / 4096, oac_gpu_bytes_per_sample(&many, 256, 4096), 1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(/* twice through memory */
                                     8 + 2 + (80 + 40) * 16384.0 * 1 / 4096,
                                     oac_gpu_bytes_per_sample(&many, 16384, 4096),
                                     1e-9);
        CPPUNIT_ASSERT_DOUBLES_EQUAL(
            2 * (8 + 2 + 48 * 64.0 * 17 / 4096), oac_gpu_bytes_per_sample(&few, 64, 4096), 1e-9);
    }

    void every_plan_holds_the_taps()
    {
        for (const gpu_shape &shape : shapes()) {
            const gpu_plan plan = plan_of(shape);
            const size_t D = shape.decimation, n_owed = (shape.n_taps + D - 2) / D;
            CPPUNIT_ASSERT_MESSAGE(label(shape), plan.segment >= 1 + n_owed / 8);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label(shape), n_owed, plan.n_owed);
            CPPUNIT_ASSERT_MESSAGE(label(shape), plan.segment + n_owed <= plan.n_fft);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label(shape), std::min(D, shape.n_taps), plan.n_branches);
            /* Samples skip + D i - p < D L, the last branch after the least skip. */
            const size_t most = D * plan.segment + plan.n_branches - 1, taken = (most + D - 1) / D;
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label(shape), taken, plan.branch_length);
            CPPUNIT_ASSERT_MESSAGE(label(shape), plan.branch_length <= plan.n_fft);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(
                label(shape), shape.real ? plan.n_fft / 2 + 1 : plan.n_fft, plan.n_bins);
        }
    }

    void no_size_moves_fewer_bytes()
    {
        for (const gpu_shape &shape : shapes()) {
            const gpu_plan plan = plan_of(shape);
            const double bytes = oac_gpu_bytes_per_sample(&shape, plan.n_fft, shape.batch);
            const size_t D = shape.decimation, n_taps = (shape.n_taps + D - 1) / D;
            for (size_t factor : {1, 3, 5})
                for (size_t n = 64 * factor; n < 1u << 24; n *= 2)
                    if (n >= n_taps + n_taps / 4 && (n >= 1024 || shape.batch < 1024 * D))
                        CPPUNIT_ASSERT_MESSAGE(
                            say(label(shape), " N=", plan.n_fft, ", not ", n),
                            bytes <= 1.02 * oac_gpu_bytes_per_sample(&shape, n, shape.batch));
        }
    }

    void units_stay_in_half_the_cache()
    {
        for (const gpu_shape &shape : shapes()) {
            const gpu_plan plan = plan_of(shape);
            if (plan.n_segments > 1)
                CPPUNIT_ASSERT_MESSAGE(label(shape), unit_bytes(plan, shape) <= shape.cache / 2);
        }
    }

    void there_are_plans_for_short_and_long_calls()
    {
        for (const gpu_shape &shape : shapes()) {
            gpu_plan plan = plan_of(shape);
            for (size_t limit = plan.n_segments; limit >= 1; limit /= 2) {
                oac_gpu_plan_limit(&plan, limit);
                CPPUNIT_ASSERT(plan.n_units >= 1 && plan.n_units <= MOST_UNITS);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label(shape), size_t{1}, plan.units[0]);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label(shape), limit, plan.units[plan.n_units - 1]);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(label(shape), limit, plan.n_segments);
                for (size_t i = 1; i < plan.n_units; i++)
                    CPPUNIT_ASSERT_MESSAGE(label(shape), plan.units[i - 1] < plan.units[i]);
            }
        }
    }

    void long_calls_fill_the_slots()
    {
        for (const size_t D : {1, 5}) {
            const gpu_plan plan = plan_of({true, 64, 64, 100, D, 1000000, 50 * MiB});
            CPPUNIT_ASSERT_EQUAL(size_t{MOST_SLOTS}, plan.n_slots);
            CPPUNIT_ASSERT(D * plan.n_segments * plan.segment * MOST_SLOTS <= 1000000);
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(gpu_plans);

} // namespace
