/* SPDX-License-Identifier: GPL-3.0-or-later
 * The handle of the C library as a C++ object: owned, and with exceptions in the place of statuses.
 */
#ifndef INCLUDED_OACONV_FILTER_HANDLE_H
#define INCLUDED_OACONV_FILTER_HANDLE_H

#include "oaconv/oaconv.h"

#include <memory>
#include <vector>

namespace gr
{
namespace oaconv
{

/* Threads as for the C handle: all but prepare() and set_max_hop() belong to the working thread.
 * A GPU that is lost is reported to the config's log, from whatever thread finds out. */
class filter_handle
{
public:
    /* Throws std::invalid_argument with the C message, or std::bad_alloc. */
    explicit filter_handle(const oaconv_config &config);

    void set_max_hop(std::size_t max_hop);
    void prepare(const std::vector<oaconv_row> &rows);
    bool swap();

    void process(const void *const *in, void *const *out, std::size_t n);
    void finish(const void *const *in, void *const *out, std::size_t n);
    std::size_t output_length(std::size_t n) const;
    std::size_t tail_length() const;
    void read_tail(void *const *out, std::size_t n);
    void reset();
    bool reopen_gpu() noexcept; /* false: it is still lost, the log says so, and the CPU goes on */
    oaconv_info info() const;

private:
    struct destroyer {
        void operator()(::oaconv *filter) const { oaconv_destroy(filter); }
    };
    std::unique_ptr<::oaconv, destroyer> d_filter;
};

} // namespace oaconv
} // namespace gr

#endif
