/* SPDX-License-Identifier: GPL-3.0-or-later
 * The block with its types of samples and taps: make, taps and getters. */
#include "multichannel_fft_filter_impl.h"

#include "arguments.h"
#include "taps_message.h"

#include <gnuradio/io_signature.h>

#include <algorithm>
#include <stdexcept>
#include <type_traits>

namespace gr
{
namespace oaconv
{

namespace
{

template <class SAMPLE, class TAP>
constexpr oaconv_type type_of = std::is_same_v<SAMPLE, float> ? OAC_REAL
                                : std::is_same_v<TAP, float>  ? OAC_COMPLEX_REAL_TAPS
                                                              : OAC_COMPLEX;

template <class SAMPLE, class TAP>
std::string name_of()
{
    const char *suffix[] = {"fff", "ccf", "ccc"};
    return std::string("multichannel_fft_filter_") + suffix[type_of<SAMPLE, TAP>];
}

/* Views of the rows, for the engine. */
template <class TAP>
std::vector<oaconv_row> view(const std::vector<std::vector<TAP>> &taps)
{
    std::vector<oaconv_row> rows;
    for (const auto &row : taps)
        rows.push_back({reinterpret_cast<const float *>(row.data()), row.size()});
    return rows;
}

std::string place_of(const control_tag &tag)
{
    return "its value on channel " + std::to_string(tag.channel);
}

pmt::pmt_t taps_port()
{
    return pmt::mp("taps");
}

} // namespace

template <class SAMPLE, class TAP>
typename multichannel_fft_filter<SAMPLE, TAP>::sptr
multichannel_fft_filter<SAMPLE, TAP>::make(const std::vector<std::vector<TAP>> &taps,
                                           int n_channels,
                                           const std::string &backend,
                                           int hop,
                                           bool flush,
                                           int threads,
                                           double max_latency,
                                           int max_batch,
                                           int device,
                                           int decimation)
{
    const int n_ports = count_ports(taps.size(), n_channels);
    const std::vector<oaconv_row> rows = view(taps);
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = type_of<SAMPLE, TAP>;
    config.rows = rows.data();
    config.n_rows = rows.size();
    config.n_channels = std::size_t(n_ports);
    config.backend = checked_backend(backend).c_str();
    config.hop = std::size_t(not_negative(hop, "hop"));
    config.threads = std::size_t(not_negative(threads, "threads"));
    config.device = device;
    config.decimation = std::size_t(checked_decimation(decimation));
    work_options options;
    options.n_inputs = options.n_outputs = n_ports;
    options.sample_size = sizeof(SAMPLE);
    options.flush = flush;
    options.max_latency = checked_latency(max_latency);
    options.max_batch = not_negative(max_batch, "max_batch");
    options.config = config; /* rows and backend are the caller's: not kept */
    options.is_row = is_row<TAP>;
    return gnuradio::make_block_sptr<multichannel_fft_filter_impl<SAMPLE, TAP>>(taps, options);
}

template <class SAMPLE, class TAP>
multichannel_fft_filter_impl<SAMPLE, TAP>::multichannel_fft_filter_impl(const rows &taps,
                                                                        const work_options &options)
    : gr::block(name_of<SAMPLE, TAP>(),
                io_signature::make(options.n_inputs, options.n_inputs, sizeof(SAMPLE)),
                io_signature::make(options.n_outputs, options.n_outputs, sizeof(SAMPLE))),
      work_loop(options), d_rows(taps)
{
    this->message_port_register_in(taps_port());
    this->set_msg_handler(taps_port(), [this](const pmt::pmt_t &m) { set_taps_by_message(m); });
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::set_taps(const rows &taps)
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    apply(taps);
}

template <class SAMPLE, class TAP>
bool multichannel_fft_filter_impl<SAMPLE, TAP>::try_set_taps(
    const std::function<rows()> &rows_of_caller)
{
    std::string wrong;
    try {
        set_taps(rows_of_caller());
        return true;
    } catch (const std::exception &error) {
        wrong = error.what();
    } catch (...) {
        wrong = "an unknown exception";
    }
    std::replace(wrong.begin(), wrong.end(), '\n', ' ');
    warn("taps stay as they were", wrong.c_str());
    return false;
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::set_channel_taps(int channel,
                                                                 const std::vector<TAP> &taps)
{
    if (channel < 0 || channel >= d_n_inputs)
        throw std::invalid_argument("channel " + std::to_string(channel) +
                                    " does not exist; there are " + std::to_string(d_n_inputs) +
                                    ", counted from 0");
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    rows changed = one_row_each();
    changed[std::size_t(channel)] = taps;
    apply(changed);
}

/* Under d_taps_mutex: M rows, also where one serves all. */
template <class SAMPLE, class TAP>
typename multichannel_fft_filter_impl<SAMPLE, TAP>::rows
multichannel_fft_filter_impl<SAMPLE, TAP>::one_row_each() const
{
    rows all = d_rows;
    all.resize(std::size_t(d_n_inputs), d_rows.front());
    return all;
}

template <class SAMPLE, class TAP>
typename multichannel_fft_filter_impl<SAMPLE, TAP>::rows
multichannel_fft_filter_impl<SAMPLE, TAP>::taps() const
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    return d_rows;
}

/* Under d_taps_mutex. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::apply(const rows &taps)
{
    prepare_taps(view(taps));
    d_rows = taps;
    swap_taps_if_stopped();
}

/* In the working thread. An exception here would end it. */
template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::set_taps_by_message(const pmt::pmt_t &message)
{
    try {
        const taps_message<TAP> wanted = parse_taps_message<TAP>(message, d_n_inputs);
        if (wanted.channel)
            set_channel_taps(*wanted.channel, wanted.rows.front());
        else
            set_taps(wanted.rows);
    } catch (const std::exception &error) {
        warn("message on port taps ignored", error.what());
    }
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::retune(const control_tag *begin,
                                                       const control_tag *end)
{
    std::lock_guard<fork_mutex> lock(d_taps_mutex);
    try {
        rows changed = one_row_each();
        for (const control_tag *tag = begin; tag != end; tag++)
            if (tag->what == control_tag::kind::taps)
                changed[std::size_t(tag->channel)] = parse_row<TAP>(tag->value, place_of(*tag));
        apply(changed);
        swap_taps();
    } catch (const std::exception &error) {
        warn("tag taps ignored", error.what());
    }
}

template <class SAMPLE, class TAP>
void multichannel_fft_filter_impl<SAMPLE, TAP>::check_row(const control_tag &tag) const
{
    parse_row<TAP>(tag.value, place_of(tag));
}

template class multichannel_fft_filter<float, float>;
template class multichannel_fft_filter<gr_complex, float>;
template class multichannel_fft_filter<gr_complex, gr_complex>;

} // namespace oaconv
} // namespace gr
