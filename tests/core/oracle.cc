/* SPDX-License-Identifier: GPL-3.0-or-later
 * The defining sum in double precision, written apart from the library. */
#include "oracle.h"

#include <algorithm>
#include <cmath>

namespace oac_test
{

/* y += x [n] convolved with h, all of the widths given; y starts at the first sample of x. */
static void
accumulate(const float *x, size_t n, size_t x_width, const Row &h, size_t h_width, double *y)
{
    for (size_t k = 0; k < h.size() / h_width; k++) {
        const double re = h[k * h_width], im = h_width == 2 ? h[k * h_width + 1] : 0;
        double *to = y + k * x_width;
        if (h_width == 1) {
            for (size_t i = 0; i < n * x_width; i++)
                to[i] += re * x[i];
        } else {
            for (size_t t = 0; t < n; t++) {
                to[2 * t] += re * x[2 * t] - im * x[2 * t + 1];
                to[2 * t + 1] += re * x[2 * t + 1] + im * x[2 * t];
            }
        }
    }
}

static std::vector<double> magnitudes(const float *values, size_t n, size_t width)
{
    std::vector<double> result(n);
    for (size_t i = 0; i < n; i++)
        result[i] = width == 1 ? std::fabs(static_cast<double>(values[i]))
                               : std::hypot(values[2 * i], values[2 * i + 1]);
    return result;
}

static double sum(const std::vector<double> &values)
{
    double total = 0;
    for (double value : values)
        total += value;
    return total;
}

Response respond(oaconv_type type, const Rows &x, size_t n, const std::vector<Epoch> &epochs)
{
    const size_t width = sample_width(type);
    Response response{{}, {}, 0};
    for (size_t i = 0; i < epochs.size(); i++) {
        const size_t end = i + 1 < epochs.size() ? epochs[i + 1].since : n;
        const bool last = i + 1 == epochs.size();
        if (last || end > epochs[i].since)
            response.length = std::max(response.length, end + longest(type, epochs[i].taps) - 1);
    }
    for (const Row &row : x) {
        std::vector<double> y(response.length * width), scale(response.length);
        const std::vector<double> x_size = magnitudes(row.data(), n, width);
        const double loudest = n ? *std::max_element(x_size.begin(), x_size.end()) : 0;
        for (size_t i = 0; i < epochs.size(); i++) {
            const Epoch &epoch = epochs[i];
            const size_t begin = epoch.since, end = i + 1 < epochs.size() ? epochs[i + 1].since : n;
            if (begin == end)
                continue;
            const Row &h = epoch.taps[epoch.taps.size() == 1 ? 0 : response.y.size()];
            accumulate(row.data() + begin * width,
                       end - begin,
                       width,
                       h,
                       tap_width(type),
                       y.data() + begin * width);
            const double size =
                sum(magnitudes(h.data(), h.size() / tap_width(type), tap_width(type)));
            const double passes = std::log2(static_cast<double>(std::max<size_t>(epoch.n_fft, 2)));
            for (size_t t = begin; t < end + longest(type, epoch.taps) - 1; t++)
                scale[t] += passes * size * loudest;
        }
        response.y.push_back(std::move(y));
        response.scale.push_back(std::move(scale));
    }
    return response;
}

} // namespace oac_test
