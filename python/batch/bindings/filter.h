/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter handle of the engine, fed with NumPy arrays. */
#ifndef OACONV_PYTHON_FILTER_H
#define OACONV_PYTHON_FILTER_H

#include "rows.h"

#include <oaconv/oaconv.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace oaconv_python
{

/* Every argument is checked before the engine sees it. The caller holds the interpreter lock, which
 * is released while the engine works. */
class Filter
{
public:
    Filter(const std::string &kind,
           const pybind11::buffer &taps, /* (M, P) or (1, P) */
           std::size_t n_channels,
           const std::string &backend,
           int device,
           std::size_t row_length,
           std::size_t n_fft,
           std::size_t segment,
           std::size_t hop,
           std::size_t batch);

    /* x and y: (M, n), of the dtype that the kind and the precision of the taps ask for. */
    void process(const pybind11::buffer &x, const pybind11::buffer &y);
    void finish(const pybind11::buffer &x, const pybind11::buffer &y);
    void read_tail(const pybind11::buffer &y);
    void reset();

    oaconv_info info() const;
    std::string backend() const { return info().backend; }
    std::string reason() const { return info().reason; }

private:
    using Call = oaconv_status (*)(oaconv *, const void *const *, void *const *, std::size_t);

    void run(Call call, const pybind11::buffer &x, const pybind11::buffer &y);

    std::unique_ptr<oaconv, decltype(&oaconv_destroy)> d_filter{nullptr, oaconv_destroy};
    Number d_sample;
    std::vector<const void *> d_in; /* [M] */
    std::vector<void *> d_out;      /* [M] */
};

} // namespace oaconv_python

#endif
