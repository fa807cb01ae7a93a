/* SPDX-License-Identifier: GPL-3.0-or-later
 * Random taps and signals. */
#include "signals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <random>

namespace oac_bench
{

namespace
{

/* Lengths in floats. */
constexpr std::size_t line = 16, page = 1024;
constexpr std::size_t between_channels = 5 * line;
constexpr std::size_t pool_length = 1 << 20, pool_stride = 16411;

/* Random floats from -1 to 1 to copy from: drawing each one anew would take longer than the
 * benchmark. */
class pool
{
public:
    explicit pool(unsigned seed) : d_values(pool_length)
    {
        std::mt19937 generator(seed);
        std::uniform_real_distribution<float> uniform(-1, 1);
        for (float &value : d_values)
            value = uniform(generator);
    }

    /* Another place to begin for every channel. */
    void copy(std::size_t channel, float *out, std::size_t n) const
    {
        std::size_t begin = channel * pool_stride % pool_length;
        while (n > 0) {
            const std::size_t n_piece = std::min(n, pool_length - begin);
            out = std::copy_n(&d_values[begin], n_piece, out);
            n -= n_piece;
            begin = 0;
        }
    }

private:
    std::vector<float> d_values;
};

std::size_t round_up(std::size_t n, std::size_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

} // namespace

tap_rows random_taps(const setting &chosen)
{
    static const pool random(1);
    const float gain = 1 / std::sqrt(float(chosen.n_taps));
    tap_rows rows(chosen.n_channels, std::vector<float>(chosen.n_taps * chosen.width()));
    for (std::size_t m = 0; m < rows.size(); m++) {
        random.copy(m, rows[m].data(), rows[m].size());
        for (float &tap : rows[m])
            tap *= gain;
    }
    return rows;
}

signals::signals(const setting &chosen, std::size_t n_samples) : d_width(chosen.width())
{
    static const pool random(2);
    const std::size_t stride = round_up(n_samples * d_width, line) + between_channels;
    const std::size_t all = round_up(chosen.n_channels * stride, page) + page / 2;
    d_memory.resize(2 * all + page);
    void *begin = d_memory.data();
    std::size_t room = d_memory.size() * sizeof(float);
    std::align(page * sizeof(float), sizeof(float), begin, room);
    for (std::size_t m = 0; m < chosen.n_channels; m++) {
        float *in = static_cast<float *>(begin) + m * stride;
        random.copy(m, in, n_samples * d_width);
        d_in.push_back(in);
        d_out.push_back(in + all);
    }
}

void signals::spoil_outputs(std::size_t n) const
{
    for (std::size_t m = 0; m < n_channels(); m++)
        std::fill_n(out(m), n * d_width, std::numeric_limits<float>::quiet_NaN());
}

} // namespace oac_bench
