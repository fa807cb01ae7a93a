/* SPDX-License-Identifier: GPL-3.0-or-later
 * The handle of the C library as a C++ object. */
#include "filter_handle.h"

#include <gnuradio/fft/fft.h>

#include <new>
#include <stdexcept>
#include <type_traits>

namespace gr
{
namespace oaconv
{

namespace
{

class out_of_memory : public std::bad_alloc
{
public:
    explicit out_of_memory(const char *message) : d_message(message) {}
    const char *what() const noexcept override { return d_message.what(); }

private:
    std::runtime_error d_message;
};

void check(oaconv_status status)
{
    switch (status) {
    case OAC_OK:
        return;
    case OAC_ERR_NO_MEMORY:
        throw out_of_memory(oaconv_last_error());
    default:
        throw std::invalid_argument(oaconv_last_error());
    }
}

/* FFTW's planner is one for the process: GNU Radio's own FFT blocks and the engine take turns, from
 * when this library is loaded, as the engine also filters without a block. */
struct shared_planner_lock {
    shared_planner_lock()
    {
        using mutex = std::remove_reference_t<decltype(gr::fft::planner::mutex())>;
        oaconv_set_planner_lock([](void *lock) { static_cast<mutex *>(lock)->lock(); },
                                [](void *lock) { static_cast<mutex *>(lock)->unlock(); },
                                &gr::fft::planner::mutex());
    }
};
const shared_planner_lock shared_from_the_start;

} // namespace

filter_handle::filter_handle(const oaconv_config &config)
{
    ::oaconv *filter = nullptr;
    check(oaconv_create(&filter, &config));
    d_filter.reset(filter);
}

void filter_handle::set_max_hop(std::size_t max_hop)
{
    oaconv_set_max_hop(d_filter.get(), max_hop);
}

void filter_handle::prepare(const std::vector<oaconv_row> &rows)
{
    check(oaconv_taps_prepare(d_filter.get(), rows.data(), rows.size()));
}

bool filter_handle::swap()
{
    return oaconv_taps_swap(d_filter.get());
}

void filter_handle::process(const void *const *in, void *const *out, std::size_t n)
{
    check(oaconv_process(d_filter.get(), in, out, n));
}

void filter_handle::finish(const void *const *in, void *const *out, std::size_t n)
{
    check(oaconv_finish(d_filter.get(), in, out, n));
}

std::size_t filter_handle::output_length(std::size_t n) const
{
    return oaconv_output_length(d_filter.get(), n);
}

std::size_t filter_handle::tail_length() const
{
    return oaconv_tail_length(d_filter.get());
}

void filter_handle::read_tail(void *const *out, std::size_t n)
{
    check(oaconv_read_tail(d_filter.get(), out, n));
}

void filter_handle::reset()
{
    oaconv_reset(d_filter.get());
}

bool filter_handle::reopen_gpu() noexcept
{
    return oaconv_gpu_reopen(d_filter.get()) == OAC_OK;
}

oaconv_info filter_handle::info() const
{
    oaconv_info info;
    oaconv_get_info(d_filter.get(), &info);
    return info;
}

} // namespace oaconv
} // namespace gr
