/* SPDX-License-Identifier: GPL-3.0-or-later
 * That what is timed computes what it should. */
#include "check.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

namespace oac_bench
{

namespace
{

constexpr std::size_t most_products = 4 << 20, most_compared = 4096;

using wide = std::complex<double>;

/* Sum of n products h[k] x[-k]. */
wide products(const float *h, const float *x, std::size_t n, std::size_t width)
{
    double re = 0, im = 0;
    if (width == 1) {
        for (std::size_t k = 0; k < n; k++)
            re += double(h[k]) * double(*(x - k));
        return re;
    }
    for (std::size_t k = 0; k < n; k++) {
        const double a = h[2 * k], b = h[2 * k + 1], c = *(x - 2 * k), d = *(x - 2 * k + 1);
        re += a * c - b * d;
        im += a * d + b * c;
    }
    return wide(re, im);
}

/* Sample t of the taps applied to an x with the period n. */
wide expected(
    const std::vector<float> &h, const float *x, std::size_t n, std::size_t t, std::size_t width)
{
    wide sum = 0;
    for (std::size_t k = 0; k < h.size() / width;) {
        const std::size_t n_piece = std::min(h.size() / width - k, t + 1);
        sum += products(&h[k * width], x + t * width, n_piece, width);
        k += n_piece;
        t = n - 1;
    }
    return sum;
}

wide sample(const float *y, std::size_t t, std::size_t width)
{
    return width == 1 ? wide(y[t]) : wide(y[2 * t], y[2 * t + 1]);
}

/* What single precision allows. Inputs lie between -1 and 1. */
double bound(const std::vector<float> &h, std::size_t width)
{
    const std::size_t n_taps = h.size() / width;
    double sum = 0;
    for (std::size_t k = 0; k < n_taps; k++)
        sum += std::abs(sample(h.data(), k, width));
    return std::numeric_limits<float>::epsilon() * std::log2(16.0 * double(n_taps)) * sum *
           std::sqrt(double(width));
}

[[noreturn]] void fail(std::size_t channel, const std::string &what)
{
    throw std::runtime_error("wrong output, channel " + std::to_string(channel) + ": " + what);
}

void check_finite(const signals &data, std::size_t m, std::size_t n)
{
    for (std::size_t i = 0; i < n * data.width(); i++)
        if (!std::isfinite(data.out(m)[i]))
            fail(m, "sample " + std::to_string(i / data.width()) + " is NaN or Inf");
}

/* Samples to compare in each channel: at least two. */
std::size_t n_compared(const signals &data, std::size_t n_taps)
{
    const std::size_t n_all = std::min(most_products / n_taps, most_compared);
    return std::max<std::size_t>(n_all / data.n_channels(), 2);
}

} // namespace

double check_filtered(const signals &data, const tap_rows &taps, std::size_t n)
{
    static std::mt19937 generator(3);
    std::uniform_int_distribution<std::size_t> any(0, n - 1);
    const std::size_t width = data.width();
    double worst = 0;
    for (std::size_t m = 0; m < data.n_channels(); m++) {
        check_finite(data, m, n);
        const double allowed = bound(taps[m], width);
        for (std::size_t i = n_compared(data, taps[m].size() / width); i > 0; i--) {
            const std::size_t t = any(generator);
            const wide right = expected(taps[m], data.in(m), n, t, width);
            const double error = std::abs(sample(data.out(m), t, width) - right);
            if (!(error <= allowed))
                fail(m, "sample " + std::to_string(t) + " is off by " + std::to_string(error));
            worst = std::max(worst, error / allowed);
        }
    }
    return worst;
}

} // namespace oac_bench
