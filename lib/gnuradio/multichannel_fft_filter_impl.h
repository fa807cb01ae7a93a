/* SPDX-License-Identifier: GPL-3.0-or-later
 * The block with its types of samples and taps: make, taps and getters. */
#ifndef INCLUDED_OACONV_MULTICHANNEL_FFT_FILTER_IMPL_H
#define INCLUDED_OACONV_MULTICHANNEL_FFT_FILTER_IMPL_H

#include "work_loop.h"

#include <gnuradio/oaconv/multichannel_fft_filter.h>

namespace gr
{
namespace oaconv
{

template <class SAMPLE, class TAP>
class multichannel_fft_filter_impl : public multichannel_fft_filter<SAMPLE, TAP>, private work_loop
{
public:
    using rows = std::vector<std::vector<TAP>>;

    /* `taps` are the rows in `options`. */
    multichannel_fft_filter_impl(const rows &taps, const work_options &options);

    void set_taps(const rows &taps) override;
    using multichannel_fft_filter<SAMPLE, TAP>::try_set_taps;
    bool try_set_taps(const std::function<rows()> &rows_of_caller) override;
    void set_channel_taps(int channel, const std::vector<TAP> &taps) override;
    rows taps() const override;
    std::string backend() const override { return state().backend(); }
    std::string backend_reason() const override { return state().backend_reason(); }
    uint64_t gpu_calls() const override { return state().gpu_calls(); }
    int threads() const override { return n_threads(); }
    int fft_size() const override { return state().fft_size(); }
    int hop() const override { return state().hop(); }
    int decimation() const override { return d_decimation; }
    uint64_t tap_changes() const override { return state().tap_changes(); }
    uint64_t last_tap_change() const override { return state().last_tap_change(); }

private:
    void retune(const control_tag *begin, const control_tag *end) override;
    void check_row(const control_tag &tag) const override;
    rows one_row_each() const;
    void apply(const rows &taps);
    void set_taps_by_message(const pmt::pmt_t &message);

    rows d_rows; /* under d_taps_mutex */
};

} // namespace oaconv
} // namespace gr

#endif
