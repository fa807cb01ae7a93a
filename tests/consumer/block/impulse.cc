/* SPDX-License-Identifier: GPL-3.0-or-later
 * A user of the block in C++17: a flowgraph where an impulse in each channel gives back the taps.
 * With the argument "make-only" the block is made and not run. */
#include <gnuradio/blocks/vector_sink.h>
#include <gnuradio/blocks/vector_source.h>
#include <gnuradio/oaconv/multichannel_fft_filter.h>
#include <gnuradio/top_block.h>

#include <cstdio>
#include <string>
#include <vector>

int main(int argc, char **argv)
{
    using row = std::vector<gr_complex>;
    const std::vector<row> taps = {{{1, 2}, {-3, 4}, {0, 1}}, {{0, 1}, {5, 0}, {2, -2}}};
    const bool flush = true;
    auto filter = gr::oaconv::multichannel_fft_filter_ccc::make(taps, 2, "auto", 0, flush);
    if (argc > 1 && std::string(argv[1]) == "make-only")
        return filter->backend().empty();

    auto top = gr::make_top_block("consumer");
    std::vector<gr::blocks::vector_sink_c::sptr> sinks;
    for (int m = 0; m < 2; m++) {
        auto source = gr::blocks::vector_source_c::make(row{1});
        sinks.push_back(gr::blocks::vector_sink_c::make());
        top->connect(source, 0, filter, m);
        top->connect(filter, m, sinks.back(), 0);
    }
    top->run();

    int wrong = 0;
    for (std::size_t m = 0; m < 2; m++) {
        const auto out = sinks[m]->data();
        if (out.size() != taps[m].size()) {
            std::printf("channel %zu: %zu samples\n", m, out.size());
            return 1;
        }
        for (std::size_t t = 0; t < out.size(); t++)
            wrong += !(std::abs(out[t] - taps[m][t]) < 1e-5F);
    }
    std::printf("backend %s: %d samples are wrong\n", filter->backend().c_str(), wrong);
    return wrong != 0;
}
