/* SPDX-License-Identifier: GPL-3.0-or-later
 * Neighbours with buffers of their own kind, which wrap by moving samples, change no sample. */
#include "compare.h"
#include "graph.h"

#include <cppunit/extensions/HelperMacros.h>
#include <gnuradio/host_buffer.h>
#include <gnuradio/io_signature.h>
#include <gnuradio/sync_block.h>

#include <chrono>
#include <cstring>
#include <random>
#include <thread>

using namespace oac_test;

/* A device that delivers, or takes, pieces of any length. */
template <class SAMPLE>
class Device : public gr::sync_block
{
public:
    using sptr = std::shared_ptr<Device>;

    static sptr source(std::vector<SAMPLE> samples, unsigned seed)
    {
        return gnuradio::get_initial_sptr(new Device(std::move(samples), seed, true));
    }

    static sptr sink(unsigned seed)
    {
        return gnuradio::get_initial_sptr(new Device({}, seed, false));
    }

    int work(int n_items, gr_vector_const_void_star &in, gr_vector_void_star &out) override
    {
        const int n = std::uniform_int_distribution<int>(1, d_longest)(d_random);
        if (n % 16 == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        return d_source ? give(std::min(n, n_items), out) : take(std::min(n, n_items), in);
    }

    std::vector<SAMPLE> samples; /* to deliver, or taken; the latter to be read after the graph */

private:
    Device(std::vector<SAMPLE> given, unsigned seed, bool is_source)
        : gr::sync_block("device", signature(!is_source), signature(is_source)),
          samples(std::move(given)), d_source(is_source), d_random(seed),
          d_longest(1 << std::uniform_int_distribution<int>(4, 14)(d_random))
    {
    }

    static gr::io_signature::sptr signature(bool there)
    {
        return there ? gr::io_signature::make(1, 1, sizeof(SAMPLE), gr::host_buffer::type)
                     : gr::io_signature::make(0, 0, 0);
    }

    int give(int n, gr_vector_void_star &out)
    {
        if (d_done == samples.size())
            return WORK_DONE;
        n = int(std::min(size_t(n), samples.size() - d_done));
        std::memcpy(out[0], samples.data() + d_done, size_t(n) * sizeof(SAMPLE));
        d_done += size_t(n);
        return n;
    }

    int take(int n, gr_vector_const_void_star &in)
    {
        const SAMPLE *first = static_cast<const SAMPLE *>(in[0]);
        samples.insert(samples.end(), first, first + n);
        return n;
    }

    bool d_source;
    size_t d_done = 0;
    std::mt19937 d_random;
    int d_longest;
};

template <class SAMPLE, class TAP>
class SingleMappedBuffers : public CppUnit::TestFixture
{
    CPPUNIT_TEST_SUITE(SingleMappedBuffers);
    CPPUNIT_TEST(behind_a_device_no_sample_is_shifted);
    CPPUNIT_TEST(before_a_device_no_sample_is_shifted);
    CPPUNIT_TEST_SUITE_END();

    using Block = gr::oaconv::multichannel_fft_filter<SAMPLE, TAP>;
    static constexpr oaconv_type type = Graph<SAMPLE, TAP>::type;

    struct Setting {
        int n_channels, hop, decimation;
        double max_latency;
        int max_batch;
    };
    static constexpr Setting settings[] = {{1, 0, 1, 0.01, 16384},
                                           {3, 0, 1, 0.01, 16384},
                                           {2, 96, 3, 0.01, 1000},
                                           {2, 700, 1, 0, 16384},
                                           {1, 4096, 1, 1, 16384},
                                           {2, 1, 1, 0.01, 100}};

    static std::vector<SAMPLE> items(const std::vector<SAMPLE> &all, int decimation)
    {
        std::vector<SAMPLE> kept;
        for (size_t k = 0; k < all.size(); k += size_t(decimation))
            kept.push_back(all[k]);
        return kept;
    }

    /* By an ordinary graph, without decimation and with the tail. */
    static Rows whole(const Rows &x, const Rows &taps)
    {
        Graph<SAMPLE, TAP> graph(x, taps, true, 0, "direct");
        graph.top->run();
        return graph.outputs();
    }

    void compare(const std::string &label,
                 const Rows &x,
                 const Rows &taps,
                 const Setting &setting,
                 const std::vector<std::vector<SAMPLE>> &got)
    {
        const Rows want = whole(x, taps);
        for (size_t m = 0; m < got.size(); m++) {
            const auto expected = items(to_items<SAMPLE>(want[m]), setting.decimation);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(label, expected.size(), got[m].size());
            for (size_t k = 0; k < expected.size(); k++)
                if (!(std::abs(expected[k] - got[m][k]) < 1e-3f))
                    CPPUNIT_FAIL(say(label, ": channel ", m, ", sample ", k));
        }
    }

    typename Block::sptr make(const Rows &taps, const Setting &setting)
    {
        return Block::make(to_items<TAP>(taps),
                           setting.n_channels,
                           "simd",
                           setting.hop,
                           true,
                           0,
                           setting.max_latency,
                           setting.max_batch,
                           -1,
                           setting.decimation);
    }

public:
    void behind_a_device_no_sample_is_shifted()
    {
        Random random{21};
        for (const Setting &setting : settings)
            for (unsigned seed = 0; seed < 2; seed++) {
                const Rows x = random.signal(type, size_t(setting.n_channels), 100000 + seed);
                const Rows taps = random.taps(type, {size_t(3 + 20 * seed)});
                auto top = gr::make_top_block("test");
                const auto block = make(taps, setting);
                std::vector<typename gr::blocks::vector_sink<SAMPLE>::sptr> sinks;
                for (int m = 0; m < setting.n_channels; m++) {
                    sinks.push_back(gr::blocks::vector_sink<SAMPLE>::make());
                    top->connect(Device<SAMPLE>::source(to_items<SAMPLE>(x[size_t(m)]),
                                                        10 * seed + unsigned(m)),
                                 0,
                                 block,
                                 m);
                    top->connect(block, m, sinks.back(), 0);
                }
                top->run();
                std::vector<std::vector<SAMPLE>> got;
                for (const auto &sink : sinks)
                    got.push_back(sink->data());
                compare(say("hop ", setting.hop, ", seed ", seed), x, taps, setting, got);
            }
    }

    void before_a_device_no_sample_is_shifted()
    {
        Random random{22};
        for (const Setting &setting : settings)
            for (unsigned seed = 0; seed < 2; seed++) {
                const Rows x = random.signal(type, size_t(setting.n_channels), 100000 + seed);
                const Rows taps = random.taps(type, {size_t(3 + 20 * seed)});
                auto top = gr::make_top_block("test");
                const auto block = make(taps, setting);
                std::vector<typename Device<SAMPLE>::sptr> sinks;
                for (int m = 0; m < setting.n_channels; m++) {
                    sinks.push_back(Device<SAMPLE>::sink(10 * seed + unsigned(m)));
                    top->connect(
                        gr::blocks::vector_source<SAMPLE>::make(to_items<SAMPLE>(x[size_t(m)])),
                        0,
                        block,
                        m);
                    top->connect(block, m, sinks.back(), 0);
                }
                top->run();
                std::vector<std::vector<SAMPLE>> got;
                for (const auto &sink : sinks)
                    got.push_back(sink->samples);
                compare(say("hop ", setting.hop, ", seed ", seed), x, taps, setting, got);
            }
    }
};

using Real = SingleMappedBuffers<float, float>;
using Complex = SingleMappedBuffers<gr_complex, gr_complex>;
CPPUNIT_TEST_SUITE_REGISTRATION(Real);
CPPUNIT_TEST_SUITE_REGISTRATION(Complex);
