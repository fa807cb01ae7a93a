/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whole streams through the block: ends, limits of the graph around it, restarts. */
#include "compare.h"
#include "graph.h"

#include <cppunit/extensions/HelperMacros.h>

using namespace oac_test;

template <class SAMPLE, class TAP>
class BlockStreams : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(BlockStreams);
    CPPUNIT_TEST(nothing_is_lost);
    CPPUNIT_TEST(limits_below_a_hop_do_not_show);
    CPPUNIT_TEST(the_shortest_input_ends_all);
    CPPUNIT_TEST(a_restart_begins_anew);
    CPPUNIT_TEST(taps_may_be_other_numbers);
    CPPUNIT_TEST_SUITE_END();

    using TestGraph = Graph<SAMPLE, TAP>;
    static constexpr oaconv_type type = TestGraph::type;
    Random random{20};

    /* The first n samples of x through taps; without the tail unless flushed. */
    static void check(const std::string &label,
                      const TestGraph &graph,
                      const Rows &x,
                      size_t n,
                      const Rows &taps,
                      bool flush)
    {
        Response expected = respond(type, x, n, {{0, taps, size_t(graph.block->fft_size())}});
        if (!flush)
            for (size_t m = 0; m < x.size(); m++) {
                expected.y[m].resize(n * sample_width(type));
                expected.scale[m].resize(n);
                expected.length = n;
            }
        expect_close(label, type, expected, graph.outputs());
    }

public:
    void nothing_is_lost()
    {
        const Rows taps = random.taps(type, {64, 1, 37});
        const size_t hop = size_t(TestGraph(random.signal(type, 3, 1), taps, false).block->hop());
        for (const size_t n : {size_t(0), size_t(1), hop - 1, hop, hop + 1, 3 * hop, size_t(50000)})
            for (const bool flush : {false, true}) {
                const Rows x = random.signal(type, taps.size(), n);
                TestGraph graph(x, taps, flush);
                graph.top->run();
                check(say("n=", n, " flush=", flush), graph, x, n, taps, flush);
            }
    }

    void limits_below_a_hop_do_not_show()
    {
        const Rows taps = random.taps(type, {300, 300}), x = random.signal(type, 2, 20000);
        TestGraph reference(x, taps, true);
        reference.top->run();
        for (const int limit : {1000, 10, 1}) {
            TestGraph items(x, taps, true), buffers(x, taps, true);
            items.block->set_max_noutput_items(limit);
            items.top->run();
            expect_same_bits(
                say("max_noutput_items ", limit), reference.outputs(), items.outputs());
            buffers.block->set_max_output_buffer(limit);
            buffers.top->run();
            expect_same_bits(
                say("max_output_buffer ", limit), reference.outputs(), buffers.outputs());
        }
    }

    void the_shortest_input_ends_all()
    {
        const Rows taps = random.taps(type, {64, 64, 64});
        Rows x = random.signal(type, 3, 9000);
        const size_t n = 4321;
        x[1].resize(n * sample_width(type));
        TestGraph graph(x, taps, true);
        graph.top->run();
        for (Row &row : x)
            row.resize(n * sample_width(type));
        check("unequal inputs", graph, x, n, taps, true);
    }

    void a_restart_begins_anew()
    {
        const Rows taps = random.taps(type, {64}), x = random.signal(type, 2, 5000);
        TestGraph graph(x, taps, true);
        for (int round = 0; round < 3; round++) {
            graph.rewind();
            graph.top->run();
            check(say("round ", round), graph, x, 5000, taps, true);
        }
    }

    void taps_may_be_other_numbers()
    {
        using Taps = std::vector<std::vector<TAP>>;
        const std::vector<std::vector<double>> reals = {{0.5, 1e-3}, {-2}};
        auto block = TestGraph::Block::make(reals, 2, "direct", 16, true);
        CPPUNIT_ASSERT(block->taps() == Taps({{TAP(0.5F), TAP(1e-3F)}, {TAP(-2)}}));
        CPPUNIT_ASSERT_EQUAL(16, block->hop());
        block->set_taps(std::vector<std::vector<int>>{{1}, {2, 3}});
        CPPUNIT_ASSERT(block->taps() == Taps({{TAP(1)}, {TAP(2), TAP(3)}}));
        block->set_channel_taps(1, std::vector<double>{0.25});
        CPPUNIT_ASSERT(block->taps() == Taps({{TAP(1)}, {TAP(0.25F)}}));
        block->set_taps({{4}, {5, 6}});
        CPPUNIT_ASSERT(block->taps() == Taps({{TAP(4)}, {TAP(5), TAP(6)}}));
        CPPUNIT_ASSERT(TestGraph::Block::make({{7, 8}})->taps() == Taps({{TAP(7), TAP(8)}}));
        if constexpr (!std::is_same_v<TAP, float>) {
            block->set_taps(std::vector<std::vector<gr_complexd>>{{{1, 2}}, {{0, 0.5}}});
            CPPUNIT_ASSERT(block->taps() == Taps({{TAP(1, 2)}, {TAP(0, 0.5F)}}));
        }
        const std::vector<std::vector<double>> too_large = {{1e300}};
        CPPUNIT_ASSERT_THROW(TestGraph::Block::make(too_large), std::invalid_argument);
        CPPUNIT_ASSERT_THROW(block->set_taps(too_large), std::invalid_argument);
    }
};

using RealStreams = BlockStreams<float, float>;
using ComplexRealTapsStreams = BlockStreams<gr_complex, float>;
using ComplexStreams = BlockStreams<gr_complex, gr_complex>;
CPPUNIT_TEST_SUITE_REGISTRATION(RealStreams);
CPPUNIT_TEST_SUITE_REGISTRATION(ComplexRealTapsStreams);
CPPUNIT_TEST_SUITE_REGISTRATION(ComplexStreams);
