/* SPDX-License-Identifier: GPL-3.0-or-later
 * Calls of the double fail when they are told to, and what hangs does not hang the test. */
#include "test_sequence.h"
#include "test_support.h"

#include <cmath>

using namespace fakecuda_test;

class Faults : public Device
{
    CPPUNIT_TEST_SUITE(Faults);
    CPPUNIT_TEST(calls_have_numbers_and_names);
    CPPUNIT_TEST(once);
    CPPUNIT_TEST(sticky);
    CPPUNIT_TEST(late_errors_surface_at_synchronisations);
    CPPUNIT_TEST(late_errors_surface_at_queries);
    CPPUNIT_TEST(late_errors_spread_to_streams_that_wait);
    CPPUNIT_TEST(hanging_work_is_never_ready);
    CPPUNIT_TEST(nothing_blocks_for_ever);
    CPPUNIT_TEST(what_waits_for_a_hanging_stream_hangs);
    CPPUNIT_TEST(failed_releases_are_no_leaks);
    CPPUNIT_TEST(every_call_of_a_sequence_fails_once);
    CPPUNIT_TEST(every_call_of_a_sequence_fails_from_then_on);
    CPPUNIT_TEST_SUITE_END();

    cudaStream_t stream;
    float *device;
    float *pinned;

    void prepare(const char *order = "lazy")
    {
        restart(order);
        stream = new_stream();
        device = device_floats(4);
        pinned = pinned_floats(4);
    }

    static long next() { return fakecuda_calls() + 1; }
    cudaError_t zero() { return cudaMemsetAsync(device, 0, 16, stream); }
    cudaError_t fetch()
    {
        return cudaMemcpyAsync(pinned, device, 16, cudaMemcpyDeviceToHost, stream);
    }

    static int run(std::string &wrong)
    {
        const char *text = "";
        const int failed = run_sequence(&text);
        wrong = text;
        return failed;
    }

    static long n_calls_of_a_sequence()
    {
        std::string wrong;
        fakecuda_reset("eager");
        CPPUNIT_ASSERT_EQUAL_MESSAGE(wrong + fakecuda_report(), 0, run(wrong));
        CPPUNIT_ASSERT_EQUAL(0l, fakecuda_leaks());
        return fakecuda_calls();
    }

public:
    void calls_have_numbers_and_names()
    {
        prepare();
        CPPUNIT_ASSERT_EQUAL(4l, fakecuda_calls());
        CPPUNIT_ASSERT_EQUAL(std::string("cudaSetDevice"), std::string(fakecuda_call_name(1)));
        CPPUNIT_ASSERT_EQUAL(std::string("cudaMallocHost"), std::string(fakecuda_call_name(4)));
        CPPUNIT_ASSERT_EQUAL(std::string(), std::string(fakecuda_call_name(5)));
        CPPUNIT_ASSERT_EQUAL(std::string(), std::string(fakecuda_call_name(0)));
        CPPUNIT_ASSERT_EQUAL(0l, fakecuda_launches());
        must(cudaError_t(launch_last_thread(device, 0, stream)));
        CPPUNIT_ASSERT_EQUAL(1l, fakecuda_launches());
    }

    void once()
    {
        prepare();
        fakecuda_fail_once(next() + 1, cudaErrorLaunchFailure);
        must(zero());
        must_be(cudaErrorLaunchFailure, fetch());
        must(cudaStreamSynchronize(stream));
        CPPUNIT_ASSERT(std::isnan(pinned[0]));
        must_be(cudaErrorLaunchFailure, cudaGetLastError());
        must(cudaGetLastError());

        cufftHandle plan = 77;
        fakecuda_fail_once(next(), cudaErrorLaunchFailure);
        CPPUNIT_ASSERT_EQUAL(int(CUFFT_INTERNAL_ERROR), int(cufftCreate(&plan)));
        CPPUNIT_ASSERT_EQUAL(77, plan);
        must(cufftCreate(&plan));
    }

    void sticky()
    {
        prepare();
        fakecuda_fail_sticky(next(), cudaErrorIllegalAddress);
        for (int i = 0; i < 3; i++)
            must_be(cudaErrorIllegalAddress, zero());
        must_be(cudaErrorIllegalAddress, cudaFree(device));
        must_be(cudaErrorIllegalAddress, cudaFreeHost(pinned));
        must_be(cudaErrorIllegalAddress, cudaStreamDestroy(stream));
        must_be(cudaErrorIllegalAddress, cudaSetDevice(0));
        CPPUNIT_ASSERT_EQUAL(0l, fakecuda_leaks());
        restart("lazy");
    }

    void late_errors_surface_at_synchronisations()
    {
        for (const char *order : {"eager", "lazy", "random:3"}) {
            prepare(order);
            const cudaStream_t other = new_stream();
            fakecuda_fail_late(next(), cudaErrorIllegalAddress);
            must(zero());
            must(fetch());
            must(cudaStreamSynchronize(other));
            must_be(cudaErrorIllegalAddress, cudaStreamSynchronize(stream));
            CPPUNIT_ASSERT(crashes([this] { pinned[0] = 1; }));
            must_be(cudaErrorIllegalAddress, cudaStreamSynchronize(other));
            must_be(cudaErrorIllegalAddress, cudaFree(device));
        }
    }

    void late_errors_surface_at_queries()
    {
        prepare("eager");
        const cudaEvent_t event = new_event();
        fakecuda_fail_late(next(), cudaErrorLaunchFailure);
        must(zero());
        must(cudaEventRecord(event, stream));
        must_be(cudaErrorLaunchFailure, cudaEventQuery(event));
        must_be(cudaErrorLaunchFailure, zero());
    }

    void late_errors_spread_to_streams_that_wait()
    {
        prepare();
        const cudaStream_t other = new_stream();
        const cudaEvent_t event = new_event();
        fakecuda_fail_late(next(), cudaErrorLaunchFailure);
        must(zero());
        must(cudaEventRecord(event, stream));
        must(cudaStreamWaitEvent(other, event, 0));
        must_be(cudaErrorLaunchFailure, cudaStreamSynchronize(other));
    }

    void hanging_work_is_never_ready()
    {
        for (const char *order : {"eager", "lazy", "random:3"}) {
            prepare(order);
            const cudaEvent_t before = new_event(), after = new_event();
            must(zero());
            must(cudaEventRecord(before, stream));
            fakecuda_hang(next());
            must(fetch());
            must(cudaEventRecord(after, stream));
            while (cudaEventQuery(before) == cudaErrorNotReady)
                continue;
            for (int i = 0; i < 100; i++)
                must_be(cudaErrorNotReady, cudaEventQuery(after));
            CPPUNIT_ASSERT(crashes([this] { pinned[0] = 1; }));
        }
    }

    void nothing_blocks_for_ever()
    {
        prepare();
        cufftHandle plan = 0;
        must(cufftCreate(&plan));
        const cudaStream_t other = new_stream();
        fakecuda_hang(next());
        must(zero());
        must(cudaStreamSynchronize(other));
        must_be(cudaErrorUnknown, cudaStreamSynchronize(stream));
        expect_violation("cudaStreamSynchronize: would block for ever");
        must_be(cudaErrorUnknown, cudaFree(device));
        expect_violation("cudaFree: would block for ever");
        must_be(cudaErrorUnknown, cudaFreeHost(pinned));
        expect_violation("cudaFreeHost: would block for ever");
        must_be(cudaErrorUnknown, cudaStreamDestroy(stream));
        expect_violation("cudaStreamDestroy: would block for ever");
        CPPUNIT_ASSERT_EQUAL(int(CUFFT_INTERNAL_ERROR), int(cufftDestroy(plan)));
        expect_violation("cufftDestroy: would block for ever");
        CPPUNIT_ASSERT_EQUAL(5l, fakecuda_leaks());
        prepare();
        must(zero());
        must(cudaStreamSynchronize(stream));
    }

    void what_waits_for_a_hanging_stream_hangs()
    {
        prepare();
        const cudaStream_t other = new_stream();
        const cudaEvent_t event = new_event();
        must(cudaMemsetAsync(device_floats(4), 0, 16, other));
        fakecuda_hang(next());
        must(cudaEventRecord(event, stream));
        must(cudaStreamWaitEvent(other, event, 0));
        must_be(cudaErrorUnknown, cudaStreamSynchronize(other));
        expect_violation("would block for ever");
    }

    void failed_releases_are_no_leaks()
    {
        prepare();
        CPPUNIT_ASSERT_EQUAL(3l, fakecuda_leaks());
        fakecuda_fail_once(next(), cudaErrorUnknown);
        must_be(cudaErrorUnknown, cudaFree(device));
        CPPUNIT_ASSERT_EQUAL(2l, fakecuda_leaks());
        must(cudaFree(device));
        CPPUNIT_ASSERT_EQUAL(2l, fakecuda_leaks());
    }

    void every_call_of_a_sequence_fails_once()
    {
        const long n = n_calls_of_a_sequence();
        CPPUNIT_ASSERT(n > 30);
        for (long call = 1; call <= n; call++)
            for (const char *order : {"eager", "lazy"}) {
                std::string wrong;
                fakecuda_wipe();
                fakecuda_reset(order);
                fakecuda_fail_once(call, cudaErrorUnknown);
                CPPUNIT_ASSERT_MESSAGE(fakecuda_call_name(call), run(wrong) != 0);
                CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_call_name(call), 0l, fakecuda_leaks());
                expect_none();
            }
    }

    void every_call_of_a_sequence_fails_from_then_on()
    {
        const long n = n_calls_of_a_sequence();
        for (long call = 1; call <= n; call++) {
            std::string wrong;
            fakecuda_wipe();
            fakecuda_reset("random:1");
            fakecuda_fail_sticky(call, cudaErrorIllegalAddress);
            CPPUNIT_ASSERT_MESSAGE(fakecuda_call_name(call), run(wrong) != 0);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_call_name(call), 0l, fakecuda_leaks());
            expect_none();
        }
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(Faults);
