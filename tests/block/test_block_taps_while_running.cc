/* SPDX-License-Identifier: GPL-3.0-or-later
 * Taps that change while the flowgraph runs, set by another thread. */
#include "compare.h"
#include "graph.h"

#include <chrono>
#include <cppunit/extensions/HelperMacros.h>
#include <thread>

using namespace oac_test;

class BlockTapsWhileRunning : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BlockTapsWhileRunning);
    CPPUNIT_TEST(taps_belong_to_samples);
    CPPUNIT_TEST(taps_set_before_the_start_leave_no_trace);
    CPPUNIT_TEST_SUITE_END();

    using TestGraph = Graph<gr_complex, gr_complex>;
    static constexpr oaconv_type type = OAC_COMPLEX;
    Random random{21};

    /* The samples that a sink's tags name, in order. */
    static std::vector<size_t> tagged_samples(const TestGraph &graph, size_t port)
    {
        std::vector<size_t> samples;
        for (const gr::tag_t &tag : graph.sinks[port]->tags())
            if (pmt::eq(tag.key, pmt::mp("taps")))
                samples.push_back(size_t(tag.offset));
        return samples;
    }

    static void wait_for_changes(const TestGraph &graph, uint64_t n)
    {
        for (int i = 0; i < 2000 && graph.block->tap_changes() < n; i++)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

public:
    void taps_belong_to_samples()
    {
        const std::vector<std::vector<size_t>> lengths = {
            {65, 65}, {3000, 65}, {10, 10}, {500, 700}, {1, 1}, {64, 64}};
        const size_t n = 400000;
        const Rows x = random.signal(type, 2, n);
        for (const auto &l : lengths) /* FFTs are planned now, not while the stream runs away */
            TestGraph(x, random.taps(type, l), true);
        std::vector<Epoch> epochs = {{0, random.taps(type, {65, 65}), 0}};
        TestGraph graph(x, epochs[0].taps, true, 200e3);
        epochs[0].n_fft = size_t(graph.block->fft_size());
        graph.top->start();
        for (const auto &l : lengths) {
            const Rows taps = random.taps(type, l);
            const uint64_t before = graph.block->tap_changes();
            graph.block->set_taps(to_items<gr_complex>(taps));
            wait_for_changes(graph, before + 1);
            epochs.push_back(
                {size_t(graph.block->last_tap_change()), taps, size_t(graph.block->fft_size())});
        }
        graph.top->wait();
        CPPUNIT_ASSERT_MESSAGE("the stream ended too soon", epochs.back().since < n);
        for (size_t port = 0; port < 2; port++) {
            const std::vector<size_t> tagged = tagged_samples(graph, port);
            CPPUNIT_ASSERT_EQUAL(epochs.size() - 1, tagged.size());
            for (size_t i = 0; i < tagged.size(); i++)
                CPPUNIT_ASSERT_EQUAL(epochs[i + 1].since, tagged[i]);
        }
        expect_close("changes on the way", type, respond(type, x, n, epochs), graph.outputs());
    }

    void taps_set_before_the_start_leave_no_trace()
    {
        const Rows x = random.signal(type, 2, 3000), taps = random.taps(type, {64, 65});
        TestGraph graph(x, random.taps(type, {3000}), true);
        graph.block->set_taps(to_items<gr_complex>(taps));
        CPPUNIT_ASSERT(graph.block->taps() == to_items<gr_complex>(taps));
        graph.top->run();
        const size_t n_fft = size_t(graph.block->fft_size());
        expect_close(
            "new taps only", type, respond(type, x, 3000, {{0, taps, n_fft}}), graph.outputs());
        CPPUNIT_ASSERT(tagged_samples(graph, 0).empty());
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(BlockTapsWhileRunning);
