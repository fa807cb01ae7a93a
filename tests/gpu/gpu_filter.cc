/* SPDX-License-Identifier: GPL-3.0-or-later
 * Filters on the double of CUDA, and what they must keep whatever happens to it. */
#include "gpu_filter.h"

#include <algorithm>
#include <cppunit/TestAssert.h>

namespace oac_test
{

void Log::write(void *log, oaconv_log_level level, const char *line)
{
    Log *to = static_cast<Log *>(log);
    (level == OAC_LOG_ERROR ? to->errors : to->infos).push_back(line);
}

std::string GpuCase::label() const
{
    static const char *const names[] = {"fff", "ccf", "ccc"};
    std::string text = say(names[type.type], " D=", type.decimation, " M=", n_channels, " P=");
    for (size_t i = 0; i < std::min<size_t>(lengths.size(), 4); i++)
        text += say(i ? "," : "", lengths[i]);
    return text + say(" batch=", batch, " n=", n);
}

const std::vector<Type> &gpu_types()
{
    static const std::vector<Type> list{OAC_REAL,
                                        OAC_COMPLEX_REAL_TAPS,
                                        OAC_COMPLEX,
                                        {OAC_REAL, OAC_SINGLE, 2},
                                        {OAC_REAL, OAC_SINGLE, 3},
                                        {OAC_REAL, OAC_SINGLE, 8},
                                        {OAC_REAL, OAC_SINGLE, 100},
                                        {OAC_COMPLEX_REAL_TAPS, OAC_SINGLE, 3},
                                        {OAC_COMPLEX_REAL_TAPS, OAC_SINGLE, 8},
                                        {OAC_COMPLEX, OAC_SINGLE, 2},
                                        {OAC_COMPLEX, OAC_SINGLE, 100}};
    return list;
}

const std::vector<Type> &few_gpu_types()
{
    static const std::vector<Type> list{OAC_REAL,
                                        OAC_COMPLEX_REAL_TAPS,
                                        OAC_COMPLEX,
                                        {OAC_REAL, OAC_SINGLE, 3},
                                        {OAC_REAL, OAC_SINGLE, 100},
                                        {OAC_COMPLEX_REAL_TAPS, OAC_SINGLE, 2},
                                        {OAC_COMPLEX, OAC_SINGLE, 8}};
    return list;
}

/* Rows for M channels whose lengths come round. */
static std::vector<size_t> ragged(size_t n_channels)
{
    static const size_t lengths[] = {37, 1, 150, 64, 2};
    std::vector<size_t> list;
    for (size_t m = 0; m < n_channels; m++)
        list.push_back(lengths[m % 5]);
    return list;
}

std::vector<GpuCase> gpu_cases(bool thorough)
{
    struct Shape {
        size_t n_taps, batch, n;
    };
    /* Short and long units; P of about L = N - P + 1, and far beyond it; one row for all. */
    static const std::vector<Shape> shapes{{1, 300, 1000},
                                           {2, 4000, 9000},
                                           {37, 60, 900},
                                           {37, 4000, 13000},
                                           {65, 60, 700},
                                           {300, 50, 1200}};
    std::vector<GpuCase> cases;
    for (const Type &type : thorough ? gpu_types() : few_gpu_types())
        for (size_t n_channels : {1, 3, 17}) {
            const bool decimated = type.decimation > 1;
            if ((n_channels == 17 && !thorough) || (n_channels != 3 && decimated))
                continue;
            for (const Shape &shape : shapes)
                if (shape.n < 2000 || (thorough && !decimated))
                    cases.push_back({type,
                                     std::vector<size_t>(n_channels, shape.n_taps),
                                     n_channels,
                                     shape.batch,
                                     shape.n});
            cases.push_back({type, ragged(n_channels), n_channels, 500, 2100});
            cases.push_back({type, {37}, n_channels, 500, 2100});
        }
    return cases;
}

/* A piece of the signal: one sample, a few, a usual call, or several of them. */
static size_t next_piece(Random &random, size_t batch, size_t left)
{
    const size_t most[] = {1, 20, batch, 3 * batch + 1};
    return std::min(left, random.between(1, most[random.below(4)]));
}

void play_piece(Filter &filter, const Rows &x, size_t t, size_t n, Rows &y, Random &random)
{
    const size_t whole = n / filter.info().hop * filter.info().hop;
    if (whole > 0)
        filter.process(x, t, whole, y, random);
    if (n > whole)
        filter.finish(x, t + whole, n - whole, y, random);
}

/* Filters the signal up to sample `to`. */
static void
play_to(Filter &filter, const Rows &x, size_t &t, size_t to, size_t batch, Rows &y, Random &random)
{
    while (t < to) {
        const size_t n = next_piece(random, batch, to - t);
        play_piece(filter, x, t, n, y, random);
        t += n;
    }
}

static void observe(Outcome &outcome, const Filter &filter)
{
    outcome.info = filter.info();
    outcome.backend = outcome.info.backend;
    outcome.reason = outcome.info.reason;
}

static Rows play_through(Filter &filter,
                         const GpuCase &c,
                         const Rows &x,
                         const std::vector<TapChange> &changes,
                         Random &random,
                         std::vector<Epoch> &epochs)
{
    Rows y(x.size());
    size_t t = 0;
    for (const TapChange &change : changes) {
        play_to(filter, x, t, change.at, c.batch, y, random);
        const Rows taps = random.taps(c.type, change.lengths);
        filter.prepare(taps);
        CPPUNIT_ASSERT(filter.swap());
        epochs.push_back({t, taps, std::max(filter.info().n_fft, epochs[0].n_fft)});
    }
    play_to(filter, x, t, c.n, c.batch, y, random);
    filter.finish(x, t, 0, y, random);
    while (const size_t left = filter.tail_length())
        filter.read_tail(random.between(1, left), y);
    return y;
}

Outcome play_case(const GpuCase &c,
                  const char *backend,
                  unsigned seed,
                  const std::vector<TapChange> &changes)
{
    Outcome outcome;
    Random random(seed);
    const Rows taps = random.taps(c.type, c.lengths), x = random.signal(c.type, c.n_channels, c.n);
    const TapRows rows(c.type, taps);
    const Spec spec{c.type, backend, c.n_channels, 1, 0, 1, c.batch, Log::write, &outcome.log};
    const oaconv_config config = to_config(spec, rows);
    oaconv *handle = nullptr;
    if (oaconv_create(&handle, &config) != OAC_OK) {
        outcome.refused = true;
        outcome.message = oaconv_last_error();
        return outcome;
    }
    Filter filter(handle, c.type);
    std::vector<Epoch> epochs{{0, taps, filter.info().n_fft}};
    const Rows y = play_through(filter, c, x, changes, random, epochs);
    observe(outcome, filter);
    expect_close(say(c.label(), ", seed ", seed), c.type, respond(c.type, x, c.n, epochs), y);
    return outcome;
}

} // namespace oac_test
