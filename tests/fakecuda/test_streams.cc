/* SPDX-License-Identifier: GPL-3.0-or-later
 * The double runs work in every order that streams allow, and notices who relies on another. */
#include "test_support.h"

#include <atomic>
#include <csignal>
#include <set>
#include <thread>

using namespace fakecuda_test;

class Streams : public Device
{
    CPPUNIT_TEST_SUITE(Streams);
    CPPUNIT_TEST(orders);
    CPPUNIT_TEST(random_orders_differ);
    CPPUNIT_TEST(queries);
    CPPUNIT_TEST(two_streams_need_an_order);
    CPPUNIT_TEST(readers_need_none);
    CPPUNIT_TEST(events_order_streams);
    CPPUNIT_TEST(hosts_order_streams);
    CPPUNIT_TEST(waiting_streams_run_what_they_wait_for);
    CPPUNIT_TEST(hosts_know_what_streams_have_waited_for);
    CPPUNIT_TEST(frees_wait_for_all);
    CPPUNIT_TEST(dead_things);
    CPPUNIT_TEST(flags);
    CPPUNIT_TEST(threads_choose_a_device);
    CPPUNIT_TEST(threads_share_the_device);
    CPPUNIT_TEST(streams_belong_to_a_device);
    CPPUNIT_TEST_SUITE_END();

    cudaStream_t one, two;
    float *a, *b;

    void prepare()
    {
        one = new_stream();
        two = new_stream();
        a = device_floats(4);
        b = device_floats(4);
    }

    static void set(float *buffer, int byte, cudaStream_t stream)
    {
        must(cudaMemsetAsync(buffer, byte, 16, stream));
    }

    static void copy(float *to, const float *from, cudaStream_t stream)
    {
        must(cudaMemcpyAsync(to, from, 16, cudaMemcpyDeviceToDevice, stream));
    }

    static void wait_for(cudaEvent_t event)
    {
        while (cudaEventQuery(event) == cudaErrorNotReady)
            continue;
    }

    /* How often an event says that the work before it is not ready. */
    int n_not_ready(const char *order)
    {
        restart(order);
        prepare();
        const cudaEvent_t event = new_event();
        set(a, 0, one);
        must(cudaEventRecord(event, one));
        int n = 0;
        while (cudaEventQuery(event) == cudaErrorNotReady)
            n++;
        return n;
    }

    /* Which of two streams wrote last, where nothing says which: 1 or 2. */
    int last_writer(const std::string &order)
    {
        restart(order);
        prepare();
        set(a, 1, one);
        set(a, 2, two);
        must(cudaStreamSynchronize(one));
        must(cudaStreamSynchronize(two));
        expect_violation("cudaMemsetAsync: used by another stream, with no order between the two");
        const float value = downloaded(a, 4)[0];
        return reinterpret_cast<const unsigned char &>(value);
    }

    /* How often of 50 times a stream of this thread's own brings back what was set. */
    static int fills_and_fetches()
    {
        cudaSetDevice(0);
        const cudaStream_t stream = new_stream();
        float *const device = device_floats(4), *const pinned = pinned_floats(4);
        int n_right = 0;
        for (int byte = 0; byte < 50; byte++) {
            cudaMemsetAsync(device, byte, 16, stream);
            cudaMemcpyAsync(pinned, device, 16, cudaMemcpyDeviceToHost, stream);
            cudaStreamSynchronize(stream);
            n_right += reinterpret_cast<const unsigned char *>(pinned)[15] == byte;
        }
        return n_right;
    }

public:
    void setUp() override
    {
        Device::setUp();
        prepare();
    }

    void orders()
    {
        float last = 0;
        const auto run = [&](const char *order) {
            restart(order);
            prepare();
            must(cudaError_t(launch_last_thread(a, 0, one)));
            must(cudaStreamSynchronize(one));
            last = downloaded(a, 1)[0];
        };
        run("eager");
        CPPUNIT_ASSERT_EQUAL(14.0f, last);
        run("random:4");
        CPPUNIT_ASSERT_EQUAL(14.0f, last);
        run("random:5");
        CPPUNIT_ASSERT_EQUAL(0.0f, last);
        CPPUNIT_ASSERT_EQUAL(2, last_writer("eager"));
        CPPUNIT_ASSERT(ends_by(SIGABRT, [] { fakecuda_reset("sometimes"); }));
    }

    void random_orders_differ()
    {
        std::set<int> writers;
        for (int seed = 0; seed < 50; seed++)
            writers.insert(last_writer("random:" + std::to_string(seed)));
        CPPUNIT_ASSERT_EQUAL(size_t(2), writers.size());
    }

    void queries()
    {
        CPPUNIT_ASSERT_EQUAL(0, n_not_ready("eager"));
        CPPUNIT_ASSERT_EQUAL(2, n_not_ready("lazy"));
        std::set<int> seen;
        for (int seed = 0; seed < 30; seed++)
            seen.insert(n_not_ready(("random:" + std::to_string(seed)).c_str()));
        CPPUNIT_ASSERT(seen.size() > 2);
        must(cudaEventQuery(new_event()));
    }

    void two_streams_need_an_order()
    {
        set(a, 1, one);
        copy(b, a, two);
        expect_violation("cudaMemcpyAsync: used by another stream");
        set(b, 1, one);
        expect_violation("cudaMemsetAsync: used by another stream");
    }

    void readers_need_none()
    {
        float *const c = device_floats(4);
        set(a, 0, one);
        must(cudaStreamSynchronize(one));
        copy(b, a, one);
        copy(c, a, two);
        expect_none();
        set(a, 1, one);
        expect_violation("cudaMemsetAsync: used by another stream");
    }

    void events_order_streams()
    {
        const cudaEvent_t event = new_event();
        set(a, 1, one);
        must(cudaEventRecord(event, one));
        must(cudaStreamWaitEvent(two, event, 0));
        copy(b, a, two);
        expect_none();
        set(b, 2, one);
        expect_violation("cudaMemsetAsync: used by another stream");
        must_be(cudaErrorInvalidValue, cudaStreamWaitEvent(two, event, 1));
    }

    void hosts_order_streams()
    {
        const cudaEvent_t event = new_event();
        set(a, 1, one);
        must(cudaEventRecord(event, one));
        wait_for(event);
        copy(b, a, two);
        must(cudaStreamSynchronize(two));
        set(b, 1, one);
        expect_none();
    }

    void waiting_streams_run_what_they_wait_for()
    {
        const cudaEvent_t event = new_event();
        const cudaStream_t three = new_stream();
        float *const pinned = pinned_floats(4);
        set(a, 0, one);
        must(cudaEventRecord(event, one));
        must(cudaStreamWaitEvent(two, event, 0));
        copy(b, a, two);
        must(cudaEventRecord(event, two));
        must(cudaStreamWaitEvent(three, event, 0));
        must(cudaMemcpyAsync(pinned, b, 16, cudaMemcpyDeviceToHost, three));
        must(cudaStreamSynchronize(three));
        CPPUNIT_ASSERT_EQUAL(0.0f, pinned[3]);
        set(a, 1, three);
        expect_none();
    }

    void hosts_know_what_streams_have_waited_for()
    {
        const cudaEvent_t event = new_event();
        float *const pinned = pinned_floats(4);
        set(a, 0, one);
        must(cudaMemcpyAsync(pinned, a, 16, cudaMemcpyDeviceToHost, one));
        must(cudaEventRecord(event, one));
        must(cudaStreamWaitEvent(two, event, 0));
        must(cudaStreamSynchronize(two));
        CPPUNIT_ASSERT_EQUAL(0.0f, pinned[3]);
    }

    void frees_wait_for_all()
    {
        float *const pinned = pinned_floats(4);
        set(a, 0, one);
        must(cudaMemcpyAsync(pinned, a, 16, cudaMemcpyDeviceToHost, one));
        must(cudaFree(b));
        CPPUNIT_ASSERT(crashes([&] { pinned[0] = 1; }));
        must(cudaFree(a));
        must(cudaStreamSynchronize(one));
        CPPUNIT_ASSERT_EQUAL(0.0f, pinned[0]);
    }

    void dead_things()
    {
        const cudaEvent_t event = new_event();
        must(cudaEventDestroy(event));
        must(cudaStreamDestroy(two));
        cudaEventQuery(event);
        expect_violation("cudaEventQuery: not a live event");
        cudaEventDestroy(event);
        expect_violation("cudaEventDestroy: not a live event");
        cudaStreamSynchronize(two);
        expect_violation("cudaStreamSynchronize: not a live stream");
        cudaStreamDestroy(two);
        expect_violation("cudaStreamDestroy: not a live stream");
        cudaMemsetAsync(a, 0, 4, two);
        expect_violation("cudaMemsetAsync: not a live stream");
        must(cudaStreamSynchronize(nullptr));
    }

    void flags()
    {
        cudaStream_t stream;
        cudaEvent_t event;
        cudaStreamCreateWithFlags(&stream, 0);
        expect_violation("cudaStreamNonBlocking only");
        cudaEventCreateWithFlags(&event, 0);
        expect_violation("cudaEventDisableTiming only");
    }

    void threads_choose_a_device()
    {
        int count = 0, version = 0;
        std::thread([&] {
            cudaGetDeviceCount(&count);
            cudaDriverGetVersion(&version);
            cudaRuntimeGetVersion(&version);
            cufftGetVersion(&version);
        }).join();
        expect_none();
        CPPUNIT_ASSERT_EQUAL(1, count);
        std::thread([&] { cudaMemsetAsync(a, 0, 4, one); }).join();
        expect_violation("cudaMemsetAsync: this thread has not called cudaSetDevice");
        std::thread([&] {
            cudaSetDevice(0);
            cudaMemsetAsync(a, 0, 4, one);
        }).join();
        expect_none();
        fakecuda_reset("lazy");
        cudaStreamSynchronize(one);
        expect_violation("this thread has not called cudaSetDevice");
    }

    void threads_share_the_device()
    {
        restart("random:1");
        std::vector<std::thread> threads;
        std::atomic<int> n_right{0};
        for (int i = 0; i < 4; i++)
            threads.emplace_back([&] { n_right += fills_and_fetches(); });
        for (std::thread &thread : threads)
            thread.join();
        CPPUNIT_ASSERT_EQUAL(4 * 50, n_right.load());
    }

    void streams_belong_to_a_device()
    {
        must_be(cudaErrorInvalidDevice, cudaSetDevice(1));
        fakecuda_devices(2);
        must(cudaSetDevice(1));
        cudaStreamSynchronize(one);
        expect_violation("stream of another device");
        fakecuda_devices(0);
        int count = 17;
        must_be(cudaErrorNoDevice, cudaGetDeviceCount(&count));
        CPPUNIT_ASSERT_EQUAL(17, count);
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(Streams);
