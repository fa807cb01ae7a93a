/* SPDX-License-Identifier: GPL-3.0-or-later
 * What bounds a filter: FFTW's transforms alone, and a copy. */
#include "check.h"
#include "implementation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fftw3.h>
#include <limits>

namespace oac_bench
{

namespace
{

constexpr std::size_t least_fft = 128, most_fft = 1 << 17, n_ffts = 3;

/* Floats aligned for FFTW. */
class buffer
{
public:
    explicit buffer(std::size_t n) : d_floats(fftwf_alloc_real(n), fftwf_free)
    {
        std::fill_n(d_floats.get(), n, 0.0f);
    }
    float *real() const { return d_floats.get(); }
    fftwf_complex *complex() const { return reinterpret_cast<fftwf_complex *>(d_floats.get()); }

private:
    std::unique_ptr<float, void (*)(void *)> d_floats;
};

/* How samples travel in a transform. */
enum class packing {
    complex, /* complex samples; of a real signal two segments, as real and imaginary part */
    real     /* FFTW's transforms of real signals, one segment */
};

/* A transform forward and one back for each N - P + 1 samples: no product, no overlap, the same
 * samples every time. No overlap-add with FFTW and this N can be faster. */
class transforms : public implementation
{
public:
    transforms(const setting &chosen, packing packed, std::size_t n_fft);

    std::size_t n_samples() const override { return d_n; }
    void run(const signals &data) override;
    double check(const signals &data, const tap_rows &taps) const override;
    void describe(json_object &result) const override
    {
        result.add("n_fft", d_n_fft).add("hop", d_hop);
    }

private:
    using plan = std::unique_ptr<fftwf_plan_s, void (*)(fftwf_plan)>;
    std::size_t d_n_fft, d_n_floats, d_hop, d_n;
    buffer d_x, d_spectrum, d_y;
    plan d_forward, d_inverse;
};

std::size_t hop_of(const setting &chosen, packing packed, std::size_t n_fft)
{
    const bool two = chosen.type == OAC_REAL && packed == packing::complex;
    return (two ? 2 : 1) * (n_fft - chosen.n_taps + 1);
}

transforms::transforms(const setting &chosen, packing packed, std::size_t n_fft)
    : d_n_fft(n_fft), d_n_floats(packed == packing::real ? n_fft : 2 * n_fft),
      d_hop(hop_of(chosen, packed, n_fft)), d_n(whole_hops(chosen, d_hop)), d_x(d_n_floats),
      d_spectrum(2 * n_fft), d_y(d_n_floats), d_forward(nullptr, fftwf_destroy_plan),
      d_inverse(nullptr, fftwf_destroy_plan)
{
    const int n = int(n_fft);
    const unsigned flags = FFTW_MEASURE;
    fftwf_complex *const spectrum = d_spectrum.complex();
    if (packed == packing::real) {
        d_forward.reset(fftwf_plan_dft_r2c_1d(n, d_x.real(), spectrum, flags));
        d_inverse.reset(fftwf_plan_dft_c2r_1d(n, spectrum, d_y.real(), flags));
    } else {
        d_forward.reset(fftwf_plan_dft_1d(n, d_x.complex(), spectrum, FFTW_FORWARD, flags));
        d_inverse.reset(fftwf_plan_dft_1d(n, spectrum, d_y.complex(), FFTW_BACKWARD, flags));
    }
    const tap_rows random = random_taps({OAC_REAL, 1, d_n_floats, 0});
    std::copy_n(random[0].data(), d_n_floats, d_x.real());
}

void transforms::run(const signals &data)
{
    for (std::size_t i = data.n_channels() * d_n / d_hop; i > 0; i--) {
        fftwf_execute(d_forward.get());
        fftwf_execute(d_inverse.get());
    }
}

double transforms::check(const signals &, const tap_rows &) const
{
    const double n_fft = double(d_n_fft);
    const double bound = 4 * std::numeric_limits<float>::epsilon() * std::log2(n_fft);
    double peak = 0, worst = 0;
    for (std::size_t i = 0; i < d_n_floats; i++)
        peak = std::max(peak, double(std::abs(d_x.real()[i])));
    for (std::size_t i = 0; i < d_n_floats; i++)
        worst = std::max(worst, std::abs(d_y.real()[i] / n_fft - d_x.real()[i]));
    if (!(worst <= bound * peak))
        throw std::runtime_error("wrong output: FFTW and back is not the same signal");
    return worst / (bound * peak);
}

factory::sizes list_ffts(const setting &chosen)
{
    if (chosen.hop)
        throw skipped("bounds filters without partitions only");
    const std::size_t first = std::clamp(power_of_two(4 * chosen.n_taps), least_fft, most_fft);
    return doublings(first, most_fft, n_ffts);
}

/* Moves the samples and does nothing to them. */
class mover : public implementation
{
public:
    explicit mover(const setting &chosen) : d_n(whole_hops(chosen, chosen.n_taps)) {}

    std::size_t n_samples() const override { return d_n; }
    void run(const signals &data) override
    {
        for (std::size_t m = 0; m < data.n_channels(); m++)
            std::memcpy(data.out(m), data.in(m), d_n * data.width() * sizeof(float));
    }
    double check(const signals &data, const tap_rows &) const override
    {
        for (std::size_t m = 0; m < data.n_channels(); m++)
            if (std::memcmp(data.out(m), data.in(m), d_n * data.width() * sizeof(float)))
                throw std::runtime_error("wrong output: the copy is not the same signal");
        return 0;
    }
    void describe(json_object &) const override {}

private:
    std::size_t d_n;
};

} // namespace

factory fftw_alone()
{
    return {"fftw", list_ffts, [](const setting &chosen, const tap_rows &, std::size_t n_fft) {
                return std::make_unique<transforms>(chosen, packing::complex, n_fft);
            }};
}

factory fftw_alone_r2c()
{
    return {"fftw r2c",
            [](const setting &chosen) {
                if (chosen.type != OAC_REAL)
                    throw skipped("real signals only");
                return list_ffts(chosen);
            },
            [](const setting &chosen, const tap_rows &, std::size_t n_fft) {
                return std::make_unique<transforms>(chosen, packing::real, n_fft);
            }};
}

factory copy()
{
    return {"memcpy",
            [](const setting &) { return factory::sizes{0}; },
            [](const setting &chosen, const tap_rows &, std::size_t) {
                return std::make_unique<mover>(chosen);
            }};
}

} // namespace oac_bench
