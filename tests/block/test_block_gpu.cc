/* SPDX-License-Identifier: GPL-3.0-or-later
 * A GPU that is lost under a running flowgraph, while other threads ask and set: on the double of
 * CUDA. */
#include "compare.h"
#include "fakecuda.h"
#include "graph.h"

#include <atomic>
#include <cppunit/extensions/HelperMacros.h>
#include <thread>

using namespace oac_test;

class BlockGpu : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BlockGpu);
    CPPUNIT_TEST(getters_follow_what_filters);
    CPPUNIT_TEST_SUITE_END();

    using TestGraph = Graph<gr_complex, gr_complex>;
    static constexpr oaconv_type type = OAC_COMPLEX;
    static constexpr int illegal_address = 700;
    Random random{23};

    /* Runs the graph while a thread asks all getters. */
    static void run(TestGraph &graph)
    {
        std::atomic<bool> over{false}, answered{true};
        std::thread asking([&] {
            for (uint64_t n_calls = 0; !over;) {
                const uint64_t n = graph.block->gpu_calls();
                if (graph.block->backend().empty() || graph.block->backend_reason().empty() ||
                    graph.block->fft_size() <= 0 || n < n_calls)
                    answered = false;
                n_calls = n;
                std::this_thread::yield();
            }
        });
        graph.top->run();
        over = true;
        asking.join();
        CPPUNIT_ASSERT(answered);
    }

    static void
    check(const std::string &label, const TestGraph &graph, const Rows &x, const Rows &taps)
    {
        const size_t n_fft = size_t(graph.block->fft_size()), n = x[0].size() / sample_width(type);
        expect_close(label, type, respond(type, x, n, {{0, taps, n_fft}}), graph.outputs());
        CPPUNIT_ASSERT_EQUAL_MESSAGE(fakecuda_report(), 0L, fakecuda_violations());
    }

public:
    void getters_follow_what_filters()
    {
        const size_t n = 30000;
        const Rows x = random.signal(type, 2, n), taps = random.taps(type, {65, 3});
        TestGraph graph(x, taps, true, 300e3, "gpu");
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), graph.block->backend());
        fakecuda_fail_sticky(fakecuda_calls() + 30, illegal_address);
        run(graph);
        check("lost", graph, x, taps);
        const uint64_t n_calls = graph.block->gpu_calls();
        CPPUNIT_ASSERT(n_calls > 0 && graph.block->backend() != "cuda");

        fakecuda_reset(nullptr);
        graph.rewind();
        run(graph);
        check("won back", graph, x, taps);
        CPPUNIT_ASSERT_EQUAL(std::string("cuda"), graph.block->backend());
        CPPUNIT_ASSERT(graph.block->gpu_calls() > n_calls);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BlockGpu);
