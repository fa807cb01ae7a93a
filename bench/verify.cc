/* SPDX-License-Identifier: GPL-3.0-or-later
 * That what is timed computes what it should. */
#include "verify.h"

#include <gnuradio/blocks/head.h>
#include <gnuradio/blocks/vector_sink.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <stdexcept>

namespace oac_bench
{

namespace
{

constexpr uint64_t most_samples = 16 << 20;  /* of all channels together */
constexpr uint64_t most_products = 50000000; /* of all channels together */

using wide = std::complex<double>;

/* The identity, where nothing is filtered. */
std::vector<gr_complex> response(const variant &settings, const std::vector<gr_complex> &taps)
{
    return settings.what == kind::copy ? std::vector<gr_complex>{1.0f} : taps;
}

/* What the source of channel m sent: n samples. */
std::vector<gr_complex> sent(const random_source &source, uint64_t n)
{
    std::vector<gr_complex> x;
    for (uint64_t t = 0; t < n; t++)
        x.push_back(source.sample(t));
    return x;
}

wide convolved(const std::vector<gr_complex> &x, const std::vector<gr_complex> &taps, uint64_t t)
{
    double re = 0, im = 0;
    for (uint64_t k = 0; k < taps.size() && k <= t; k++) {
        const gr_complex a = taps[k], b = x[t - k];
        re += double(a.real()) * b.real() - double(a.imag()) * b.imag();
        im += double(a.real()) * b.imag() + double(a.imag()) * b.real();
    }
    return wide(re, im);
}

/* What single precision allows: eps * log2(N) * ||h||_1 * max|x|; nothing for a copy. */
double bound(const variant &settings, const std::vector<gr_complex> &taps, int fft_size)
{
    if (settings.what == kind::copy)
        return 0;
    double sum = 0;
    for (const gr_complex &tap : taps)
        sum += std::abs(tap);
    return std::numeric_limits<float>::epsilon() * std::log2(fft_size) * sum * std::sqrt(2.0);
}

[[noreturn]] void fail(const variant &settings, int channel, const std::string &what)
{
    throw std::runtime_error(settings.name + ", channel " + std::to_string(channel) + ": " + what);
}

/* Largest error of channel m as a fraction of the bound; 0 for a copy. */
double compare(const graph &run,
               const variant &settings,
               const std::vector<gr_complex> &taps,
               int m,
               const std::vector<gr_complex> &y,
               uint64_t step)
{
    const std::vector<gr_complex> h = response(settings, taps);
    const double allowed = bound(settings, h, run.measured().fft_size());
    const uint64_t D = uint64_t(settings.decimation);
    const std::vector<gr_complex> x = sent(run.source(m), y.size() * D);
    double worst = 0;
    for (uint64_t i = 0; i < y.size() + step; i += step) {
        const uint64_t t = std::min<uint64_t>(i, y.size() - 1);
        const double error = std::abs(wide(y[t]) - convolved(x, h, t * D));
        if (!(error <= allowed))
            fail(
                settings, m, "sample " + std::to_string(t) + " is off by " + std::to_string(error));
        worst = std::max(worst, error);
    }
    return allowed > 0 ? worst / allowed : 0;
}

} // namespace

json_object verify(const variant &settings, int n_channels, int n_taps)
{
    const uint64_t n = std::min<uint64_t>(most_samples / n_channels, 250000) + 777;
    const uint64_t n_compared = most_products / uint64_t(n_channels) / uint64_t(n_taps);
    const uint64_t step = std::max<uint64_t>(n / std::max<uint64_t>(n_compared, 1), 1);
    const rows taps = random_taps(n_channels, n_taps);
    neighbours around;
    around.before = [n] { return gr::blocks::head::make(sizeof(gr_complex), n); };
    around.sink = [n] { return gr::blocks::vector_sink_c::make(1, int(n)); };
    graph run(settings, taps, around);
    run.run();

    const uint64_t n_expected = run.measured().n_out(n);
    double worst = 0;
    for (int m = 0; m < n_channels; m++) {
        const auto y = dynamic_cast<gr::blocks::vector_sink_c &>(run.sink(m)).data();
        if (y.size() != n_expected)
            fail(settings,
                 m,
                 std::to_string(y.size()) + " samples out, not " + std::to_string(n_expected));
        worst = std::max(worst, compare(run, settings, taps[m], m, y, step));
    }
    json_object result;
    result.add("variant", settings.name).add("channels", n_channels).add("taps", n_taps);
    result.add("samples_per_channel", n_expected).add("compared_one_in", step);
    return result.add("largest_error_of_bound", worst);
}

} // namespace oac_bench
