/* SPDX-License-Identifier: GPL-3.0-or-later
 * The graphs that are compared: M sources, what is measured, M sinks. */
#include "graph.h"

#include <gnuradio/analog/quadrature_demod_cf.h>
#include <gnuradio/blocks/copy.h>
#include <gnuradio/blocks/null_sink.h>
#include <gnuradio/blocks/throttle.h>
#include <gnuradio/filter/fft_filter_ccc.h>

#include <cmath>
#include <random>

namespace oac_bench
{

namespace
{

/* The stock filter's FFT: 2 * 2^ceil(log2 P) points. */
int stock_fft_size(std::size_t n_taps)
{
    int n = 2;
    while (std::size_t(n) < 2 * n_taps)
        n *= 2;
    return n;
}

gr::block_sptr make_copy()
{
    return gr::blocks::copy::make(sizeof(gr_complex));
}

gr::block_sptr make_null_sink()
{
    return gr::blocks::null_sink::make(sizeof(gr_complex));
}

gr::block_sptr make_throttle()
{
    auto throttle = gr::blocks::throttle::make(sizeof(gr_complex), live_rate);
    throttle->set_max_noutput_items(live_packet);
    return throttle;
}

} // namespace

rows random_taps(int n_channels, int n_taps)
{
    std::mt19937 generator(2);
    std::normal_distribution<float> normal(0, 1 / std::sqrt(2.0f * float(n_taps)));
    rows taps(n_channels, std::vector<gr_complex>(n_taps));
    for (auto &row : taps)
        for (gr_complex &tap : row)
            tap = gr_complex(normal(generator), normal(generator));
    return taps;
}

bank::bank(const variant &settings, const rows &taps)
    : d_n_channels(int(taps.size())), d_decimation(settings.decimation), d_threads(int(taps.size()))
{
    if (settings.what == kind::ours) {
        auto filter = gr::oaconv::multichannel_fft_filter_ccc::make(taps,
                                                                    0,
                                                                    "auto",
                                                                    0,
                                                                    false,
                                                                    settings.threads,
                                                                    0.010,
                                                                    settings.max_batch,
                                                                    -1,
                                                                    d_decimation);
        d_hop = filter->hop();
        d_fft_size = filter->fft_size();
        d_threads = filter->threads();
        d_backend = filter->backend();
        d_blocks.push_back(filter);
        return;
    }
    for (const auto &row : taps)
        d_blocks.push_back(settings.what == kind::copy
                               ? make_copy()
                               : gr::filter::fft_filter_ccc::make(d_decimation, row, 1));
    if (settings.what == kind::stock) {
        d_fft_size = stock_fft_size(taps[0].size());
        d_hop = d_fft_size - int(taps[0].size()) + 1;
        d_loses_partial = true;
    }
}

uint64_t bank::n_done_in_all() const
{
    uint64_t n = 0;
    for (int m = 0; m < d_n_channels; m++)
        n += n_done(m);
    return n;
}

neighbours bare()
{
    return {nullptr, nullptr, make_null_sink};
}

neighbours copies()
{
    return {make_copy, make_copy, make_null_sink};
}

neighbours demo()
{
    return {nullptr,
            [] { return gr::analog::quadrature_demod_cf::make(1.0f); },
            [] { return gr::blocks::null_sink::make(sizeof(float)); }};
}

neighbours live()
{
    return {make_throttle, nullptr, make_null_sink};
}

neighbours sink_paced()
{
    return {nullptr, make_throttle, make_null_sink};
}

graph::graph(const variant &settings, const rows &taps, const neighbours &around)
    : d_bank(settings, taps), d_top(gr::make_top_block("benchmark"))
{
    for (int m = 0; m < d_bank.n_channels(); m++) {
        d_sources.push_back(random_source::make(m));
        gr::block_sptr last = d_sources[m];
        int last_port = 0;
        const auto append = [&](const gr::block_sptr &block, int port) {
            d_top->connect(last, last_port, block, port);
            last = block;
            last_port = port;
        };
        if (around.before) {
            d_before.push_back(around.before());
            append(d_before[m], 0);
        }
        append(d_bank.block(m), d_bank.port(m));
        if (around.after) {
            d_after.push_back(around.after());
            append(d_after[m], 0);
        }
        d_sinks.push_back(around.sink());
        append(d_sinks[m], 0);
    }
}

graph::~graph()
{
    d_top->stop();
    d_top->wait();
}

} // namespace oac_bench
