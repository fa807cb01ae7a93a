/* SPDX-License-Identifier: GPL-3.0-or-later
 * A flowgraph of vector sources, the block, and vector sinks. */
#ifndef OAC_TEST_GRAPH_H
#define OAC_TEST_GRAPH_H

#include "signals.h"

#include <gnuradio/blocks/throttle.h>
#include <gnuradio/blocks/vector_sink.h>
#include <gnuradio/blocks/vector_source.h>
#include <gnuradio/oaconv/multichannel_fft_filter.h>
#include <gnuradio/top_block.h>

#include <algorithm>
#include <type_traits>

namespace oac_test
{

template <class T>
std::vector<T> to_items(const Row &row)
{
    std::vector<T> items(row.size() * sizeof(float) / sizeof(T));
    std::copy(row.begin(), row.end(), reinterpret_cast<float *>(items.data()));
    return items;
}

template <class T>
std::vector<std::vector<T>> to_items(const Rows &rows)
{
    std::vector<std::vector<T>> items;
    for (const Row &row : rows)
        items.push_back(to_items<T>(row));
    return items;
}

/* M vector sources into the block, the block into M vector sinks. */
template <class SAMPLE, class TAP>
class Graph
{
public:
    using Block = gr::oaconv::multichannel_fft_filter<SAMPLE, TAP>;

    static constexpr oaconv_type type = std::is_same_v<SAMPLE, float> ? OAC_REAL
                                        : std::is_same_v<TAP, float>  ? OAC_COMPLEX_REAL_TAPS
                                                                      : OAC_COMPLEX;

    /* signals: M rows; taps: M rows or 1; sample_rate: samples per second, 0 for full speed. */
    Graph(const Rows &signals,
          const Rows &taps,
          bool flush,
          double sample_rate = 0,
          const std::string &backend = "auto")
        : block(Block::make(to_items<TAP>(taps), int(signals.size()), backend, 0, flush)),
          top(gr::make_top_block("test"))
    {
        for (size_t m = 0; m < signals.size(); m++) {
            sources.push_back(
                gr::blocks::vector_source<SAMPLE>::make(to_items<SAMPLE>(signals[m])));
            sinks.push_back(gr::blocks::vector_sink<SAMPLE>::make());
            if (sample_rate > 0) {
                throttles.push_back(gr::blocks::throttle::make(sizeof(SAMPLE), sample_rate));
                throttles[m]->set_max_noutput_items(1000);
                top->connect(sources[m], 0, throttles[m], 0);
                top->connect(throttles[m], 0, block, int(m));
            } else {
                top->connect(sources[m], 0, block, int(m));
            }
            top->connect(block, int(m), sinks[m], 0);
        }
    }

    /* What is left of a stream comes at full speed. */
    void hurry()
    {
        for (const auto &throttle : throttles)
            throttle->set_sample_rate(1e9);
    }

    /* For another run. */
    void rewind()
    {
        for (size_t m = 0; m < sources.size(); m++) {
            sources[m]->rewind();
            sinks[m]->reset();
        }
    }

    Rows outputs() const
    {
        Rows rows;
        for (const auto &sink : sinks) {
            const std::vector<SAMPLE> items = sink->data();
            const float *values = reinterpret_cast<const float *>(items.data());
            rows.emplace_back(values, values + items.size() * sizeof(SAMPLE) / sizeof(float));
        }
        return rows;
    }

    typename Block::sptr block;
    gr::top_block_sptr top;
    std::vector<typename gr::blocks::vector_source<SAMPLE>::sptr> sources;
    std::vector<gr::blocks::throttle::sptr> throttles; /* none at full speed */
    std::vector<typename gr::blocks::vector_sink<SAMPLE>::sptr> sinks;
};

} // namespace oac_test

#endif
