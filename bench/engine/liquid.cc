/* SPDX-License-Identifier: GPL-3.0-or-later
 * liquid-dsp's FFT filter. */
#include "implementation.h"

#include <complex> // before liquid.h, which then takes its complex numbers from here
#include <liquid/liquid.h>

#include <algorithm>

namespace oac_bench
{

namespace
{

constexpr std::size_t least_block = 64, most_block = 1 << 17, n_blocks = 2;

/* The same functions for real and for complex samples. */
struct real_api {
    using item = float;
    static constexpr auto create = fftfilt_rrrf_create;
    static constexpr auto destroy = fftfilt_rrrf_destroy;
    static constexpr auto execute = fftfilt_rrrf_execute;
};
struct complex_api {
    using item = liquid_float_complex;
    static constexpr auto create = fftfilt_cccf_create;
    static constexpr auto destroy = fftfilt_cccf_destroy;
    static constexpr auto execute = fftfilt_cccf_execute;
};

template <class API>
class filters : public filter
{
public:
    using item = typename API::item;

    filters(const setting &chosen, tap_rows taps, std::size_t block)
        : d_block(block), d_n(whole_hops(chosen, block))
    {
        for (std::vector<float> &row : taps)
            d_filters.push_back({API::create(reinterpret_cast<item *>(row.data()),
                                             unsigned(chosen.n_taps),
                                             unsigned(block)),
                                 API::destroy});
    }

    std::size_t n_samples() const override { return d_n; }

    void run(const signals &data) override
    {
        for (std::size_t m = 0; m < d_filters.size(); m++) {
            /* execute() takes a pointer to what it does not write. */
            item *const in = reinterpret_cast<item *>(const_cast<float *>(data.in(m)));
            item *const out = reinterpret_cast<item *>(data.out(m));
            for (std::size_t t = 0; t < d_n; t += d_block)
                API::execute(d_filters[m].get(), in + t, out + t);
        }
    }

    void describe(json_object &result) const override
    {
        result.add("n_fft", 2 * d_block).add("hop", d_block);
    }

private:
    using object = std::remove_pointer_t<decltype(API::create(nullptr, 0, 0))>;
    std::vector<std::unique_ptr<object, decltype(API::destroy)>> d_filters;
    std::size_t d_block, d_n;
};

factory::sizes list_blocks(const setting &chosen)
{
    if (chosen.hop && chosen.hop + 1 < chosen.n_taps)
        throw skipped("its block is no shorter than the taps");
    const std::size_t first = std::max(power_of_two(chosen.n_taps), least_block);
    return doublings(first, most_block, n_blocks);
}

std::unique_ptr<implementation> make(const setting &chosen, const tap_rows &taps, std::size_t block)
{
    if (chosen.type == OAC_REAL)
        return std::make_unique<filters<real_api>>(chosen, taps, block);
    return std::make_unique<filters<complex_api>>(chosen, taps, block);
}

} // namespace

factory liquid()
{
    return {"liquid", list_blocks, make};
}

} // namespace oac_bench
