/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the tests of the double share: a fresh device for every test, and children that crash. */
#ifndef FAKECUDA_TEST_SUPPORT_H
#define FAKECUDA_TEST_SUPPORT_H

#include "fakecuda.h"
#include "test_kernels.h"

#include <cppunit/extensions/HelperMacros.h>
#include <cuda_runtime_api.h>
#include <cufft.h>
#include <functional>
#include <string>
#include <vector>

namespace fakecuda_test
{

/* Every test begins with a device in lazy order, and fails where a violation is left at its end. */
class Device : public CppUnit::TestFixture
{
public:
    void setUp() override;
    void tearDown() override;

    /* The same, in the middle of a test. */
    static void restart(const std::string &order);
};

/* Asserts that all went well, or that there was this violation and no other; forgets it. */
void must(cudaError_t result);
void must(cufftResult result);
void must_be(cudaError_t expected, cudaError_t result);
void expect_violation(const std::string &part);
void expect_none();

/* Whether a child process that runs this ends by this signal. */
bool ends_by(int signal, const std::function<void()> &body);
bool crashes(const std::function<void()> &body);

cudaStream_t new_stream();
cudaEvent_t new_event();
float *device_floats(size_t n);
float *pinned_floats(size_t n);

/* Copies by way of pinned memory, in a stream of its own, and waits. */
void upload(void *to, const void *from, size_t size);
void download(void *to, const void *from, size_t size);
std::vector<float> downloaded(const float *from, size_t n);

} // namespace fakecuda_test

#endif
