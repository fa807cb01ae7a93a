/* SPDX-License-Identifier: GPL-3.0-or-later
 * The state of the filter as a message. */
#include "status_message.h"

namespace gr
{
namespace oaconv
{

pmt::pmt_t status_message(const oaconv_info &info)
{
    pmt::pmt_t dict = pmt::make_dict();
    const auto add = [&](const char *key, const pmt::pmt_t &value) {
        dict = pmt::dict_add(dict, pmt::mp(key), value);
    };
    add("backend", pmt::mp(info.backend));
    add("reason", pmt::mp(info.reason));
    add("fft_size", pmt::from_uint64(info.n_fft));
    add("hop", pmt::from_uint64(info.hop));
    add("samples", pmt::from_uint64(info.n_samples));
    add("tap_changes", pmt::from_uint64(info.n_changes));
    add("last_tap_change", pmt::from_uint64(info.last_change));
    add("gpu_calls", pmt::from_uint64(info.gpu_calls));
    add("gpu_losses", pmt::from_uint64(info.gpu_losses));
    add("threads", pmt::from_uint64(info.threads));
    add("decimation", pmt::from_uint64(info.decimation));
    return dict;
}

} // namespace oaconv
} // namespace gr
