/* SPDX-License-Identifier: GPL-3.0-or-later
 * Taps that change while the flowgraph runs, set by another thread. */
#include "compare.h"
#include "graph.h"
#include "wait_until.h"

#include <cppunit/extensions/HelperMacros.h>
#include <thread>

using namespace oac_test;

class BlockTapsWhileRunning : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BlockTapsWhileRunning);
    CPPUNIT_TEST(taps_belong_to_samples);
    CPPUNIT_TEST(taps_by_tag_and_by_message);
    CPPUNIT_TEST(taps_set_before_the_start_leave_no_trace);
    CPPUNIT_TEST_SUITE_END();

    using TestGraph = Graph<gr_complex, gr_complex>;
    static constexpr oaconv_type type = OAC_COMPLEX;
    static constexpr double slow = 20e3; /* the streams take 10 s or more, or are hurried */
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
        wait_until("the change of taps", [&] { return graph.block->tap_changes() >= n; });
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
        TestGraph graph(x, epochs[0].taps, true, slow);
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
        graph.hurry();
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

    /* While another thread asks for the status. */
    void taps_by_tag_and_by_message()
    {
        const size_t n = 200000, at = 30001;
        const Rows x = random.signal(type, 2, n);
        std::vector<Epoch> epochs;
        for (const auto &l : std::vector<std::vector<size_t>>{{65, 65}, {65, 700}, {900, 10}}) {
            const Rows taps = random.taps(type, l);
            epochs.push_back({0, taps, size_t(TestGraph(x, taps, true).block->fft_size())});
        }
        epochs[1].taps[0] = epochs[0].taps[0];
        TestGraph graph(x, epochs[0].taps, true, slow);
        const auto row = to_items<gr_complex>(epochs[1].taps[1]);
        const pmt::pmt_t key = pmt::mp("taps"), value = pmt::init_c32vector(row.size(), row);
        const auto tagged = [](const pmt::pmt_t &what, size_t sample, const pmt::pmt_t &how) {
            gr::tag_t tag;
            tag.offset = sample;
            tag.key = what;
            tag.value = how;
            return tag;
        };
        graph.sources[1]->set_data(
            to_items<gr_complex>(x[1]),
            {tagged(key, at, value), tagged(pmt::mp("flush"), 50000, pmt::PMT_T)});
        graph.top->start();
        wait_for_changes(graph, 1);
        std::thread asking([&] {
            for (int i = 0; i < 100; i++)
                graph.block->_post(pmt::mp("status"), pmt::PMT_T);
        });
        pmt::pmt_t message = pmt::make_vector(2, pmt::PMT_NIL);
        for (size_t m = 0; m < 2; m++) {
            const auto items = to_items<gr_complex>(epochs[2].taps[m]);
            pmt::vector_set(message, m, pmt::init_c32vector(items.size(), items));
        }
        graph.block->_post(key, message);
        asking.join();
        wait_for_changes(graph, 2);
        graph.hurry();
        graph.top->wait();
        CPPUNIT_ASSERT_EQUAL(uint64_t(2), graph.block->tap_changes());
        epochs[1].since = at;
        epochs[2].since = size_t(graph.block->last_tap_change());
        for (size_t port = 0; port < 2; port++)
            CPPUNIT_ASSERT(tagged_samples(graph, port) ==
                           (std::vector<size_t>{at, epochs[2].since}));
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
