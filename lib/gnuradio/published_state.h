/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the getters of the block show. */
#ifndef INCLUDED_OACONV_PUBLISHED_STATE_H
#define INCLUDED_OACONV_PUBLISHED_STATE_H

#include "oaconv/oaconv.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace gr
{
namespace oaconv
{

/* A copy of the filter's state, for threads that do not have the filter. publish() belongs to the
 * thread that has it, the getters to any thread. */
class published_state
{
public:
    void publish(const oaconv_info &info);

    std::string backend() const;
    std::string backend_reason() const;
    int hop() const { return d_hop; }
    int fft_size() const { return d_fft_size; }
    std::uint64_t gpu_calls() const { return d_gpu_calls; }
    std::uint64_t tap_changes() const { return d_tap_changes; }
    std::uint64_t last_tap_change() const { return d_last_tap_change; }

private:
    void publish_backend(const oaconv_info &info);

    /* Written under the mutex, and only when they change. */
    mutable std::mutex d_backend_mutex;
    std::string d_backend, d_backend_reason;
    std::atomic<int> d_hop{0}, d_fft_size{0};
    std::atomic<std::uint64_t> d_tap_changes{0}, d_last_tap_change{0}, d_gpu_calls{0};
};

} // namespace oaconv
} // namespace gr

#endif
