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

/* How long filters that are made while it lives wait for a GPU before it counts as lost. */
class Patience
{
public:
    explicit Patience(const char *seconds) { setenv("OACONV_GPU_TIMEOUT", seconds, 1); }
    ~Patience() { setenv("OACONV_GPU_TIMEOUT", "60", 1); }
    Patience(const Patience &) = delete;
    Patience &operator=(const Patience &) = delete;
};

/* Tests that break the double. What hangs needs a Patience that ends; for all else it is long, as
 * a busy machine may keep the double waiting. */
class Faulty : public CppUnit::TestFixture
{
public:
    void setUp() override
    {
        setenv("OACONV_GPU_TIMEOUT", "60", 1);
        start_afresh();
    }
    void tearDown() override
    {
        start_afresh();
        unsetenv("OACONV_GPU_TIMEOUT");
    }
};

} // namespace oac_test

#endif
