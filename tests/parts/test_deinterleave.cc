/* SPDX-License-Identifier: GPL-3.0-or-later
 * Samples that go to polyphase branches: each to its place, and nothing else. */
extern "C" {
#include "backends/simd/deinterleave.h"
}
#include "signals.h"

#include <algorithm>
#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

namespace
{

class deinterleave : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(deinterleave);
    CPPUNIT_TEST(every_sample_goes_to_its_place);
    CPPUNIT_TEST_SUITE_END();

    static void check(size_t n, size_t D, size_t width)
    {
        constexpr float untouched = -77;
        const size_t rows = (n + D - 1) / D, pitch = (rows + 3) * width;
        std::vector<float> from(n * width), to(D * pitch, untouched), expected = to;
        for (size_t i = 0; i < from.size(); i++)
            from[i] = static_cast<float>(i);
        for (size_t t = 0; t < n; t++)
            for (size_t i = 0; i < width; i++)
                expected[t % D * pitch + t / D * width + i] = from[t * width + i];
        oac_deinterleave(from.data(), n, D, width, to.data(), pitch);
        CPPUNIT_ASSERT_MESSAGE(say("n=", n, " D=", D, " width=", width), expected == to);
    }

public:
    void every_sample_goes_to_its_place()
    {
        for (const size_t width : {1, 2})
            for (const size_t D : {2, 3, 4, 5, 7, 8, 12, 16, 33, 100})
                for (const size_t rows : {0, 1, 2, 3, 4, 5, 8, 9, 31, 64})
                    for (const size_t more : {size_t{0}, size_t{1}, D / 2, D - 1})
                        check(rows * D + more, D, width);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(deinterleave);

} // namespace
