/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter handle that cleans up after itself, and a player that cuts signals at random. */
#ifndef OAC_TEST_FILTER_H
#define OAC_TEST_FILTER_H

#include "buffers.h"
#include "oracle.h"

namespace oac_test
{

/* Besides the taps, what a filter is made from; a hop is rounded up to whole_hop(). */
struct Spec {
    Type type;
    const char *backend;
    size_t n_channels = 0, hop = 0, max_hop = 0, threads = 0, batch = 0;
    oaconv_log log = nullptr;
    void *log_context = nullptr;
    size_t row_length = 0, n_fft = 0, segment = 0;
};

/* The spec and the taps as the library takes them. */
oaconv_config to_config(const Spec &spec, const TapRows &taps);

/* Whether every bit is the same, NaN included. */
bool same_bits(const Row &a, const Row &b);

class Filter
{
public:
    Filter(const Spec &spec, const Rows &taps);
    Filter(oaconv *filter, Type type) : d_filter(filter), d_type(type) {} /* takes it over */
    ~Filter();
    Filter(const Filter &) = delete;
    Filter &operator=(const Filter &) = delete;

    oaconv *handle() const { return d_filter; }
    Type type() const { return d_type; }
    oaconv_info info() const;
    size_t tail_length() const { return oaconv_tail_length(d_filter); }
    void reset() { oaconv_reset(d_filter); }

    void prepare(const Rows &taps);
    bool swap() { return oaconv_taps_swap(d_filter); }

    /* Filters samples from .. from + n of x and appends what comes to y; the buffers that the
     * library sees have exactly n samples, and those that decimation keeps, at offsets that `cuts`
     * draws. */
    void process(const Rows &x, size_t from, size_t n, Rows &y, Random &cuts);
    void finish(const Rows &x, size_t from, size_t n, Rows &y, Random &cuts);
    void read_tail(size_t n, Rows &y);

private:
    using Call = oaconv_status (*)(oaconv *, const void *const *, void *const *, size_t);
    void run(Call call, const Rows &x, size_t from, size_t n, Rows &y, Random &cuts);

    oaconv *d_filter = nullptr;
    Type d_type;
};

/* Taps of one partition in a branch. */
size_t partition_of(const oaconv_info &info);

/* Something done on the way, after exactly `at` samples: a piece is finished, and then new taps,
 * unless there are none, are put in force. */
struct Change {
    size_t at;
    Rows taps;
};

/* Runs n samples of x through the filter, cut at random, with changes on the way.
 *   epochs  may be null; receives the taps that were in force, for respond()
 * @return the output so far, without tail. */
Rows play_head(Filter &filter,
               const Rows &x,
               size_t n,
               const std::vector<Change> &changes,
               Random &cuts,
               std::vector<Epoch> *epochs);

/* play_head() and the whole tail, read in random pieces. */
Rows play(Filter &filter,
          const Rows &x,
          size_t n,
          const std::vector<Change> &changes,
          Random &cuts,
          std::vector<Epoch> *epochs);

/* One with no changes. */
inline Rows play(Filter &filter, const Rows &x, size_t n, Random &cuts)
{
    return play(filter, x, n, {}, cuts, nullptr);
}

} // namespace oac_test

#endif
