/* SPDX-License-Identifier: GPL-3.0-or-later
 * The double of CUDA between two runs. */
#ifndef OAC_TEST_AFRESH_H
#define OAC_TEST_AFRESH_H

#include "fakecuda.h"
#include "gpu_filter.h"

#include <cppunit/TestFixture.h>
#include <cstdlib>

namespace oac_test
{

/* The double answers again and is empty: what hung has come back, and the module has noticed. */
inline void start_afresh()
{
    fakecuda_reset("eager");
    play_case({OAC_REAL, {1}, 1, 10, 10}, "gpu", 1);
    fakecuda_wipe();
    fakecuda_reset(nullptr);
}

/* Tests that break the double, and wait for a GPU 20 ms only. */
class Faulty : public CppUnit::TestFixture
{
public:
    void setUp() override
    {
        start_afresh();
        setenv("OACONV_GPU_TIMEOUT", "0.02", 1);
    }
    void tearDown() override
    {
        unsetenv("OACONV_GPU_TIMEOUT");
        start_afresh();
    }
};

} // namespace oac_test

#endif
