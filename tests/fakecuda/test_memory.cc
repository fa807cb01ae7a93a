/* SPDX-License-Identifier: GPL-3.0-or-later
 * The double keeps the host off the device's memory, and notices what goes beyond a buffer. */
#include "test_support.h"

#include <cmath>

using namespace fakecuda_test;

class Memory : public Device
{
    CPPUNIT_TEST_SUITE(Memory);
    CPPUNIT_TEST(host_cannot_touch_the_device);
    CPPUNIT_TEST(host_cannot_touch_the_target_of_a_copy);
    CPPUNIT_TEST(host_may_only_read_the_source_of_a_copy);
    CPPUNIT_TEST(synchronisation_with_the_right_work_opens_buffers);
    CPPUNIT_TEST(nothing_is_zero_by_chance);
    CPPUNIT_TEST(copies_in_rows);
    CPPUNIT_TEST(ranges);
    CPPUNIT_TEST(kinds_of_copies);
    CPPUNIT_TEST(guards);
    CPPUNIT_TEST(limit);
    CPPUNIT_TEST(releases);
    CPPUNIT_TEST(leaks);
    CPPUNIT_TEST_SUITE_END();

    cudaStream_t stream;
    float *device, *pinned;

    void prepare()
    {
        stream = new_stream();
        device = device_floats(16);
        pinned = pinned_floats(16);
        must(cudaMemsetAsync(device, 0, 64, stream));
        must(cudaStreamSynchronize(stream));
    }

    cudaError_t to_host(size_t size)
    {
        return cudaMemcpyAsync(pinned, device, size, cudaMemcpyDeviceToHost, stream);
    }

    cudaError_t to_device(size_t size)
    {
        return cudaMemcpyAsync(device, pinned, size, cudaMemcpyHostToDevice, stream);
    }

    static void touch(volatile float *address) { *address = *address + 1; }
    static float look(const volatile float *address) { return *address; }

public:
    void setUp() override
    {
        Device::setUp();
        prepare();
    }

    void host_cannot_touch_the_device()
    {
        CPPUNIT_ASSERT(crashes([this] { look(device); }));
        CPPUNIT_ASSERT(crashes([this] { device[15] = 1; }));
        CPPUNIT_ASSERT(!crashes([this] { touch(pinned); }));
    }

    void host_cannot_touch_the_target_of_a_copy()
    {
        for (const char *order : {"eager", "lazy", "random:1"}) {
            restart(order);
            prepare();
            must(to_host(64));
            CPPUNIT_ASSERT(crashes([this] { look(pinned); }));
            CPPUNIT_ASSERT(crashes([this] { pinned[15] = 1; }));
            must(cudaStreamSynchronize(stream));
            CPPUNIT_ASSERT_EQUAL(0.0f, pinned[15]);
            touch(pinned);
        }
    }

    void host_may_only_read_the_source_of_a_copy()
    {
        pinned[3] = 5;
        must(to_device(64));
        CPPUNIT_ASSERT_EQUAL(5.0f, look(pinned + 3));
        CPPUNIT_ASSERT(crashes([this] { touch(pinned + 3); }));
        must(cudaStreamSynchronize(stream));
        touch(pinned + 3);
        CPPUNIT_ASSERT_EQUAL(5.0f, downloaded(device, 16)[3]);
    }

    void synchronisation_with_the_right_work_opens_buffers()
    {
        const cudaEvent_t before = new_event(), after = new_event();
        const cudaStream_t other = new_stream();
        must(cudaEventRecord(before, stream));
        must(to_host(64));
        must(cudaEventRecord(after, stream));
        must(cudaStreamSynchronize(other));
        while (cudaEventQuery(before) == cudaErrorNotReady)
            continue;
        CPPUNIT_ASSERT(crashes([this] { look(pinned); }));
        while (cudaEventQuery(after) == cudaErrorNotReady)
            continue;
        touch(pinned);
    }

    void nothing_is_zero_by_chance()
    {
        for (float value : downloaded(device_floats(1000), 1000))
            CPPUNIT_ASSERT(std::isnan(value));
        CPPUNIT_ASSERT(std::isnan(pinned_floats(1)[0]));
        float *const freed = device_floats(8);
        must(cudaFree(freed));
        CPPUNIT_ASSERT(freed != device_floats(8));
    }

    void copies_in_rows()
    {
        for (int i = 0; i < 16; i++)
            pinned[i] = float(i);
        must(cudaMemcpy2DAsync(device + 1, 20, pinned, 12, 8, 3, cudaMemcpyHostToDevice, stream));
        must(cudaStreamSynchronize(stream));
        const std::vector<float> expected = {0, 0, 1, 0, 0, 0, 3, 4, 0, 0, 0, 6, 7, 0, 0, 0};
        CPPUNIT_ASSERT(expected == downloaded(device, 16));
        must_be(cudaErrorInvalidPitchValue,
                cudaMemcpy2DAsync(device, 4, pinned, 12, 8, 3, cudaMemcpyHostToDevice, stream));
        must(cudaMemcpy2DAsync(device, 32, pinned, 32, 32, 2, cudaMemcpyHostToDevice, stream));
        cudaMemcpy2DAsync(device, 36, pinned, 32, 32, 2, cudaMemcpyHostToDevice, stream);
        expect_violation("cudaMemcpy2DAsync: beyond the end of a buffer");
    }

    void ranges()
    {
        to_host(65);
        expect_violation("cudaMemcpyAsync: beyond the end of a buffer");
        cudaMemsetAsync(device + 1, 0, 64, stream);
        expect_violation("cudaMemsetAsync: beyond the end of a buffer");
        cudaMemsetAsync(device - 1, 0, 4, stream);
        expect_violation("memory that is freed, or was never allocated");
        cudaMemsetAsync(pinned, 0, 4, stream);
        expect_violation("cudaMemsetAsync: not device memory");
        must(cudaFree(device));
        cudaMemsetAsync(device, 0, 4, stream);
        expect_violation("memory that is freed, or was never allocated");
    }

    void kinds_of_copies()
    {
        float pageable[16] = {};
        cudaMemcpyAsync(device, pageable, 64, cudaMemcpyHostToDevice, stream);
        expect_violation("cudaMemcpyAsync: host memory that is not pinned");
        cudaMemcpyAsync(device, pinned, 64, cudaMemcpyDeviceToHost, stream);
        expect_violation("the kind of copy does not fit the addresses");
        cudaMemcpyAsync(device + 1, device, 8, cudaMemcpyDeviceToDevice, stream);
        expect_violation("source and destination overlap");
        must(cudaMemcpyAsync(device + 2, device, 8, cudaMemcpyDeviceToDevice, stream));
        must(cudaMemcpyAsync(device, pinned, 8, cudaMemcpyDefault, stream));
    }

    void guards()
    {
        const float *const source = device_floats(40);
        must(cudaError_t(launch_scale(device, source, 1, 17, dim3(1), stream)));
        must(cudaStreamSynchronize(stream));
        expect_violation("test_scale: wrote outside a buffer");
        must(cudaError_t(launch_scale(device, source, 1, 16, dim3(1), stream)));
        must(cudaStreamSynchronize(stream));
        expect_none();
        must(cudaError_t(launch_last_thread(device, -1, stream)));
        must(cudaStreamSynchronize(stream));
        expect_violation("test_last_thread: wrote outside a buffer");
        pinned[16] = 1;
        must(cudaFreeHost(pinned));
        expect_violation("cudaFreeHost: wrote outside a buffer");
    }

    void limit()
    {
        size_t free = 0, total = 0;
        fakecuda_limit(1000);
        must(cudaMemGetInfo(&free, &total));
        CPPUNIT_ASSERT_EQUAL(size_t(1000 - 64), free);
        CPPUNIT_ASSERT_EQUAL(size_t(1000), total);
        void *pointer = nullptr;
        must_be(cudaErrorMemoryAllocation, cudaMalloc(&pointer, 937));
        CPPUNIT_ASSERT_EQUAL(std::string("cudaErrorMemoryAllocation"),
                             std::string(cudaGetErrorName(cudaGetLastError())));
        must(cudaGetLastError());
        must(cudaMalloc(&pointer, 936));
        must(cudaFree(device));
        must(cudaMalloc(&pointer, 64));
        must(cudaMallocHost(&pointer, 2000));
        cudaDeviceProp properties;
        must(cudaGetDeviceProperties(&properties, 0));
        CPPUNIT_ASSERT_EQUAL(size_t(1000), properties.totalGlobalMem);
        must_be(cudaErrorInvalidDevice, cudaGetDeviceProperties(&properties, 1));
    }

    void releases()
    {
        must(cudaFree(nullptr));
        must(cudaFreeHost(nullptr));
        cudaFree(device + 1);
        expect_violation("cudaFree: not the address of a live buffer");
        cudaFree(pinned);
        expect_violation("cudaFree: not the address of a live buffer");
        cudaFreeHost(device);
        expect_violation("cudaFreeHost: not the address of a live buffer");
        must(cudaFree(device));
        cudaFree(device);
        expect_violation("cudaFree: not the address of a live buffer");
    }

    void leaks()
    {
        CPPUNIT_ASSERT_EQUAL(3l, fakecuda_leaks());
        new_event();
        cufftHandle plan = 0;
        must(cufftCreate(&plan));
        CPPUNIT_ASSERT_EQUAL(5l, fakecuda_leaks());
        must(cudaFree(device));
        must(cufftDestroy(plan));
        CPPUNIT_ASSERT_EQUAL(3l, fakecuda_leaks());
        fakecuda_wipe();
        CPPUNIT_ASSERT_EQUAL(0l, fakecuda_leaks());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(Memory);
