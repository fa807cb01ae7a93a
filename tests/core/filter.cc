/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter handle that cleans up after itself, and a player that cuts signals at random. */
#include "filter.h"

#include <algorithm>
#include <cppunit/TestAssert.h>
#include <cstring>

namespace oac_test
{

static void expect_ok(const char *call, oaconv_status status)
{
    CPPUNIT_ASSERT_MESSAGE(say(call, ": ", oaconv_strerror(status), ": ", oaconv_last_error()),
                           status == OAC_OK);
}

bool same_bits(const Row &a, const Row &b)
{
    return a.size() == b.size() &&
           (a.empty() || !std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]));
}

oaconv_config to_config(const Spec &spec, const TapRows &taps)
{
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = spec.type;
    config.precision = spec.type.precision;
    config.rows = taps.data();
    config.n_rows = taps.size();
    config.n_channels = spec.n_channels;
    config.backend = spec.backend;
    config.decimation = spec.type.decimation;
    config.hop = whole_hop(spec.type, spec.hop);
    config.max_hop = spec.max_hop;
    config.threads = spec.threads;
    config.batch = spec.batch;
    config.log = spec.log;
    config.log_context = spec.log_context;
    config.row_length = spec.row_length;
    config.n_fft = spec.n_fft;
    config.segment = spec.segment;
    return config;
}

Filter::Filter(const Spec &spec, const Rows &taps) : d_type(spec.type)
{
    const TapRows rows(spec.type, taps);
    const oaconv_config config = to_config(spec, rows);
    expect_ok("oaconv_create", oaconv_create(&d_filter, &config));
}

Filter::~Filter()
{
    oaconv_destroy(d_filter);
}

oaconv_info Filter::info() const
{
    oaconv_info info;
    oaconv_get_info(d_filter, &info);
    return info;
}

void Filter::prepare(const Rows &taps)
{
    const TapRows rows(d_type, taps);
    expect_ok("oaconv_taps_prepare", oaconv_taps_prepare(d_filter, rows.data(), rows.size()));
}

void Filter::run(Call call, const Rows &x, size_t from, size_t n, Rows &y, Random &cuts)
{
    const size_t width = sample_width(d_type), n_out = oaconv_output_length(d_filter, n);
    const size_t done = info().n_samples;
    CPPUNIT_ASSERT_EQUAL_MESSAGE(say("length of the output for ", n, " samples at ", done),
                                 kept(d_type, done + n) - kept(d_type, done),
                                 n_out);
    Rows inputs, outputs;
    std::vector<size_t> shifts_in, shifts_out;
    y.resize(x.size());
    for (const Row &row : x) {
        shifts_in.push_back(cuts.below(17));
        shifts_out.push_back(cuts.below(17));
        if (n_out == 0) /* an empty buffer would be a null pointer */
            shifts_out.back()++;
        inputs.emplace_back(shifts_in.back());
        inputs.back().insert(inputs.back().end(),
                             row.begin() + static_cast<std::ptrdiff_t>(from * width),
                             row.begin() + static_cast<std::ptrdiff_t>((from + n) * width));
        outputs.emplace_back(shifts_out.back() + n_out * width, -77.0);
    }
    const Buffers sent(d_type.precision, inputs);
    Buffers given = sent, received(d_type.precision, outputs);
    std::vector<const void *> in;
    std::vector<void *> out;
    for (size_t m = 0; m < x.size(); m++) {
        in.push_back(given.at(m, shifts_in[m]));
        out.push_back(received.at(m, shifts_out[m]));
    }
    expect_ok("process or finish", call(d_filter, in.data(), out.data(), n));
    CPPUNIT_ASSERT_MESSAGE("the library wrote to its input", sent == given);
    outputs = received.rows();
    for (size_t m = 0; m < x.size(); m++)
        y[m].insert(y[m].end(),
                    outputs[m].begin() + static_cast<std::ptrdiff_t>(shifts_out[m]),
                    outputs[m].end());
}

void Filter::process(const Rows &x, size_t from, size_t n, Rows &y, Random &cuts)
{
    run(oaconv_process, x, from, n, y, cuts);
}

void Filter::finish(const Rows &x, size_t from, size_t n, Rows &y, Random &cuts)
{
    run(oaconv_finish, x, from, n, y, cuts);
}

void Filter::read_tail(size_t n, Rows &y)
{
    const size_t width = sample_width(d_type);
    Buffers received(d_type.precision, Rows(info().n_channels, Row(n * width, -77.0)));
    expect_ok("oaconv_read_tail", oaconv_read_tail(d_filter, received.pointers().data(), n));
    const Rows outputs = received.rows();
    y.resize(outputs.size());
    for (size_t m = 0; m < y.size(); m++)
        y[m].insert(y[m].end(), outputs[m].begin(), outputs[m].end());
}

/* In all branches but the first, the samples of a segment begin one later. */
size_t partition_of(const oaconv_info &info)
{
    const size_t n_in = info.segment + (info.decimation > 1 && info.n_taps > 1 ? 1 : 0);
    return (info.n_fft - n_in + 1) / info.segment * info.segment;
}

/* Filters up to sample `to`: whole hops in random pieces, then what is left. */
static void
advance(Filter &filter, const Rows &x, size_t from, size_t to, Rows &y, Random &cuts, bool finish)
{
    const size_t hop = filter.info().hop;
    size_t t = from;
    while (to - t >= hop) {
        const size_t most = std::min<size_t>((to - t) / hop, std::max<size_t>(4, 800 / hop));
        const size_t n = cuts.below(most + 1) * hop;
        filter.process(x, t, n, y, cuts);
        t += n;
    }
    if (t < to || finish)
        filter.finish(x, t, to - t, y, cuts);
}

Rows play_head(Filter &filter,
               const Rows &x,
               size_t n,
               const std::vector<Change> &changes,
               Random &cuts,
               std::vector<Epoch> *epochs)
{
    Rows y(x.size());
    size_t t = 0;
    for (const Change &change : changes) {
        advance(filter, x, t, change.at, y, cuts, change.taps.empty() || cuts.below(2));
        t = change.at;
        if (change.taps.empty())
            continue;
        filter.prepare(change.taps);
        CPPUNIT_ASSERT_MESSAGE("prepared taps were not swapped in", filter.swap());
        if (epochs)
            epochs->push_back({t, change.taps, filter.info().n_fft});
    }
    advance(filter, x, t, n, y, cuts, true);
    return y;
}

Rows play(Filter &filter,
          const Rows &x,
          size_t n,
          const std::vector<Change> &changes,
          Random &cuts,
          std::vector<Epoch> *epochs)
{
    Rows y = play_head(filter, x, n, changes, cuts, epochs);
    while (filter.tail_length() > 0) {
        const size_t left = filter.tail_length();
        filter.read_tail(cuts.below(left + 1), y);
    }
    return y;
}

} // namespace oac_test
