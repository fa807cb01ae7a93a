/* SPDX-License-Identifier: GPL-3.0-or-later
 * The defining sum in wider numbers than those of the filter, written apart from the library. */
#include "oracle.h"

#include <algorithm>
#include <cmath>

namespace oac_test
{

/* y += x [n] convolved with h, all of the widths given, of which every D-th sample is kept.
 *   x  from sample `since` of the signal on
 *   y  from sample 0 on */
template <typename Sum>
static void
accumulate(const double *x, size_t since, size_t n, Type type, const Row &h, std::vector<Sum> &y)
{
    const size_t h_width = tap_width(type), D = type.decimation;
    for (size_t k = 0; k < h.size() / h_width; k++) {
        const Sum re = h[k * h_width], im = h_width == 2 ? h[k * h_width + 1] : 0;
        const size_t first = kept(type, since + k), skip = first * D - (since + k);
        Sum *to = y.data() + first * sample_width(type);
        if (type == OAC_REAL) {
            for (size_t t = skip; t < n; t += D)
                *to++ += re * x[t];
        } else if (h_width == 1) {
            for (size_t t = skip; t < n; t += D, to += 2) {
                to[0] += re * x[2 * t];
                to[1] += re * x[2 * t + 1];
            }
        } else {
            for (size_t t = skip; t < n; t += D, to += 2) {
                to[0] += re * x[2 * t] - im * x[2 * t + 1];
                to[1] += re * x[2 * t + 1] + im * x[2 * t];
            }
        }
    }
}

static std::vector<double> magnitudes(const double *values, size_t n, size_t width)
{
    std::vector<double> result(n);
    for (size_t i = 0; i < n; i++)
        result[i] =
            width == 1 ? std::fabs(values[i]) : std::hypot(values[2 * i], values[2 * i + 1]);
    return result;
}

static double sum(const std::vector<double> &values)
{
    double total = 0;
    for (double value : values)
        total += value;
    return total;
}

/* One past the last sample of an epoch. */
static size_t end_of(const std::vector<Epoch> &epochs, size_t i, size_t n)
{
    return i + 1 < epochs.size() ? epochs[i + 1].since : n;
}

static const Row &taps_of(const Epoch &epoch, size_t m)
{
    return epoch.taps[epoch.taps.size() == 1 ? 0 : m];
}

/* The response of channel m, x. */
template <typename Sum>
static std::vector<long double>
sums(Type type, const Row &x, size_t m, size_t n, const std::vector<Epoch> &epochs, size_t length)
{
    const size_t width = sample_width(type);
    std::vector<Sum> y(length * width);
    for (size_t i = 0; i < epochs.size(); i++) {
        const size_t begin = epochs[i].since, end = end_of(epochs, i, n);
        if (begin < end)
            accumulate(
                x.data() + begin * width, begin, end - begin, type, taps_of(epochs[i], m), y);
    }
    return {y.begin(), y.end()};
}

/* The scale of the error of channel m. */
static std::vector<double>
scales(Type type, const Row &x, size_t m, size_t n, const std::vector<Epoch> &epochs, size_t length)
{
    std::vector<double> scale(length);
    const std::vector<double> x_size = magnitudes(x.data(), n, sample_width(type));
    const double loudest = n ? *std::max_element(x_size.begin(), x_size.end()) : 0;
    for (size_t i = 0; i < epochs.size(); i++) {
        const Epoch &epoch = epochs[i];
        const size_t begin = epoch.since, end = end_of(epochs, i, n);
        if (begin == end)
            continue;
        const Row &h = taps_of(epoch, m);
        const double size = sum(magnitudes(h.data(), h.size() / tap_width(type), tap_width(type)));
        const double passes = std::log2(static_cast<double>(std::max<size_t>(epoch.n_fft, 2)));
        const size_t past = kept(type, end + longest(type, epoch.taps) - 1);
        for (size_t t = kept(type, begin); t < past; t++)
            scale[t] += passes * size * loudest;
    }
    return scale;
}

Response respond(Type type, const Rows &x, size_t n, const std::vector<Epoch> &epochs)
{
    Response response{{}, {}, 0};
    for (size_t i = 0; i < epochs.size(); i++) {
        const size_t end = end_of(epochs, i, n);
        const bool last = i + 1 == epochs.size();
        if (last || end > epochs[i].since)
            response.length = std::max(response.length, end + longest(type, epochs[i].taps) - 1);
    }
    response.length = kept(type, response.length);
    for (size_t m = 0; m < x.size(); m++) {
        const auto respond_row = type.precision == OAC_DOUBLE ? sums<long double> : sums<double>;
        response.y.push_back(respond_row(type, x[m], m, n, epochs, response.length));
        response.scale.push_back(scales(type, x[m], m, n, epochs, response.length));
    }
    return response;
}

} // namespace oac_test
