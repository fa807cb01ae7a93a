/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter inside GNU Radio's fft_filter blocks. */
#include "implementation.h"

#include <gnuradio/filter/fft_filter.h>

#include <complex>

namespace oac_bench
{

namespace
{

/* One KERNEL for each channel, of samples and taps of type ITEM. */
template <class KERNEL, class ITEM>
class kernels : public filter
{
public:
    kernels(const setting &chosen, const tap_rows &taps)
    {
        for (const std::vector<float> &row : taps) {
            const ITEM *const first = reinterpret_cast<const ITEM *>(row.data());
            const std::vector<ITEM> items(first, first + chosen.n_taps);
            d_kernels.push_back(std::make_unique<KERNEL>(1, items));
            if (d_kernels.size() == 1)
                d_hop = std::size_t(d_kernels[0]->set_taps(items));
        }
        d_n_fft = d_hop + chosen.n_taps - 1;
        if (chosen.hop && d_hop > chosen.hop)
            throw skipped("takes " + std::to_string(d_hop) + " samples at a time");
        d_n = whole_hops(chosen, d_hop);
    }

    std::size_t n_samples() const override { return d_n; }

    void run(const signals &data) override
    {
        for (std::size_t m = 0; m < d_kernels.size(); m++)
            d_kernels[m]->filter(int(d_n),
                                 reinterpret_cast<const ITEM *>(data.in(m)),
                                 reinterpret_cast<ITEM *>(data.out(m)));
    }

    void describe(json_object &result) const override
    {
        result.add("n_fft", d_n_fft).add("hop", d_hop);
    }

private:
    std::vector<std::unique_ptr<KERNEL>> d_kernels;
    std::size_t d_hop, d_n_fft, d_n;
};

std::unique_ptr<implementation> make(const setting &chosen, const tap_rows &taps, std::size_t)
{
    using namespace gr::filter::kernel;
    if (chosen.type == OAC_REAL)
        return std::make_unique<kernels<fft_filter_fff, float>>(chosen, taps);
    return std::make_unique<kernels<fft_filter_ccc, gr_complex>>(chosen, taps);
}

} // namespace

factory gnuradio_kernel()
{
    return {"fft_filter", [](const setting &) { return factory::sizes{0}; }, make};
}

} // namespace oac_bench
