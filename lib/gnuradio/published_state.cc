/* SPDX-License-Identifier: GPL-3.0-or-later
 * What the getters of the block show. */
#include "published_state.h"

namespace gr
{
namespace oaconv
{

/* The count of changes comes after its sample, for those who wait for the count. */
void published_state::publish(const oaconv_info &info)
{
    d_hop = int(info.hop);
    d_fft_size = int(info.n_fft);
    d_gpu_calls = info.gpu_calls;
    publish_backend(info);
    d_last_tap_change = info.last_change;
    d_tap_changes = info.n_changes;
}

/* Takes the lock only where there is news: a GPU that is lost, refused or won back. */
void published_state::publish_backend(const oaconv_info &info)
{
    if (d_backend == info.backend && d_backend_reason == info.reason)
        return;
    std::lock_guard<std::mutex> lock(d_backend_mutex);
    d_backend = info.backend;
    d_backend_reason = info.reason;
}

std::string published_state::backend() const
{
    std::lock_guard<std::mutex> lock(d_backend_mutex);
    return d_backend;
}

std::string published_state::backend_reason() const
{
    std::lock_guard<std::mutex> lock(d_backend_mutex);
    return d_backend_reason;
}

} // namespace oaconv
} // namespace gr
