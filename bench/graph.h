/* SPDX-License-Identifier: GPL-3.0-or-later
 * The graphs that are compared: M sources, what is measured, M sinks. */
#ifndef OAC_BENCH_GRAPH_H
#define OAC_BENCH_GRAPH_H

#include "random_source.h"

#include <gnuradio/oaconv/multichannel_fft_filter.h>
#include <gnuradio/top_block.h>

#include <functional>
#include <string>
#include <vector>

namespace oac_bench
{

enum class kind {
    ours,  /* one multichannel_fft_filter_ccc */
    stock, /* M fft_filter_ccc, nthreads 1 */
    copy   /* M blocks::copy */
};

/* What is measured, and how it is set. */
struct variant {
    std::string name; /* unique among the results */
    kind what;
    int max_batch;      /* ours only */
    int threads;        /* ours only; 0: the block decides */
    int decimation = 1; /* ours and stock only */
};

using rows = std::vector<std::vector<gr_complex>>;

/* M distinct random rows of P taps, their gain about 1 for random signals. */
rows random_taps(int n_channels, int n_taps);

/* M channels of one variant, in one block or in M. */
class bank
{
public:
    bank(const variant &settings, const rows &taps);

    int n_channels() const { return d_n_channels; }
    gr::block_sptr block(int m) const { return d_blocks[d_blocks.size() == 1 ? 0 : m]; }
    int port(int m) const { return d_blocks.size() == 1 ? m : 0; }
    /* Samples that have been taken in and come out, before decimation. */
    uint64_t n_done(int m) const
    {
        return block(m)->nitems_written(unsigned(port(m))) * uint64_t(d_decimation);
    }
    uint64_t n_done_in_all() const;

    int hop() const { return d_hop; } /* samples taken at a time */
    int decimation() const { return d_decimation; }
    int fft_size() const { return d_fft_size; }
    int threads() const { return d_threads; } /* that compute, of all channels together */
    const std::string &backend() const { return d_backend; }

    /* Samples that come out for n that go in: the stock filter, which gives a hop's worth of
     * samples at a time, loses the last of them. */
    uint64_t n_out(uint64_t n) const
    {
        const uint64_t D = uint64_t(d_decimation);
        return d_loses_partial ? n / D / d_hop * d_hop : (n + D - 1) / D;
    }

private:
    int d_n_channels, d_decimation;
    std::vector<gr::block_sptr> d_blocks;
    int d_hop = 1, d_fft_size = 0, d_threads;
    bool d_loses_partial = false;
    std::string d_backend;
};

/* What stands around the bank in each channel; before and after may be empty. */
struct neighbours {
    using maker = std::function<gr::block_sptr()>;
    maker before, after, sink;
};

neighbours bare();       /* source, bank, null sink; also where the bank decimates */
neighbours copies();     /* a default copy before and after the bank */
neighbours demo();       /* the bank, then an FM demodulator, as in the eight-channel receiver */
neighbours live();       /* a throttle before the bank */
neighbours sink_paced(); /* a throttle after it */

constexpr double live_rate = 48000; /* samples per second and channel, of the throttles */
constexpr int live_packet = 48;     /* samples that a throttle passes on at a time: 1 ms */

class graph
{
public:
    graph(const variant &settings, const rows &taps, const neighbours &around);
    ~graph();
    graph(const graph &) = delete;
    graph &operator=(const graph &) = delete;

    void start() { d_top->start(); }
    void run() { d_top->run(); }

    const bank &measured() const { return d_bank; }
    const random_source &source(int m) const { return *d_sources[m]; }
    gr::block &sink(int m) const { return *d_sinks[m]; }

    /* Samples handed over by the source, and by the block before or after the bank. */
    uint64_t n_source(int m) const { return d_sources[m]->nitems_written(0); }
    uint64_t n_before(int m) const { return d_before[m]->nitems_written(0); }
    uint64_t n_after(int m) const { return d_after[m]->nitems_written(0); }

private:
    bank d_bank;
    gr::top_block_sptr d_top;
    std::vector<random_source::sptr> d_sources;
    std::vector<gr::block_sptr> d_before, d_after, d_sinks;
};

} // namespace oac_bench

#endif
