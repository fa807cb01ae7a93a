/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter handle of the engine, fed with NumPy arrays. */
#include "filter.h"

#include <new>
#include <stdexcept>

namespace py = pybind11;

namespace oaconv_python
{

namespace
{

void check(oaconv_status status)
{
    if (status == OAC_ERR_NO_MEMORY)
        throw std::bad_alloc();
    if (status == OAC_ERR_ARG || status == OAC_ERR_TOO_LARGE)
        throw py::value_error(oaconv_last_error());
    if (status != OAC_OK)
        throw std::runtime_error(oaconv_last_error());
}

oaconv_type type_of(const std::string &kind)
{
    if (kind == "fff")
        return OAC_REAL;
    if (kind == "ccf")
        return OAC_COMPLEX_REAL_TAPS;
    if (kind == "ccc")
        return OAC_COMPLEX;
    throw py::value_error("unknown kind \"" + kind + "\"; there are fff, ccf and ccc");
}

/* Refuses taps that are not what the type asks for. */
void check_taps(oaconv_type type, const Rows &taps)
{
    if (taps.number().is_complex != (type == OAC_COMPLEX))
        throw py::type_error(taps.number().is_complex
                                 ? "taps are complex; fff and ccf take real ones"
                                 : "taps are real; ccc takes complex ones");
}

/* Points d_out to the rows of y; answers how many samples they have. */
std::size_t point_out(const Number &sample, Rows &y, std::vector<void *> &out)
{
    y.check_number(sample);
    y.check_n_rows(out.size());
    y.check_writable();
    for (std::size_t m = 0; m < out.size(); m++)
        out[m] = y.writable_row(m);
    return y.n();
}

} // namespace

Filter::Filter(const std::string &kind,
               const py::buffer &taps_array,
               std::size_t n_channels,
               const std::string &backend,
               int device,
               std::size_t row_length,
               std::size_t n_fft,
               std::size_t segment,
               std::size_t hop,
               std::size_t batch)
    : d_in(n_channels), d_out(n_channels)
{
    oaconv_config config;
    oaconv_config_init(&config);
    config.type = type_of(kind);
    const Rows taps(taps_array, "taps");
    check_taps(config.type, taps);
    const bool wide = taps.number().wide;
    d_sample = {config.type != OAC_REAL, wide};
    std::vector<oaconv_row> rows(taps.n_rows());
    for (std::size_t m = 0; m < rows.size(); m++)
        rows[m] = {taps.row(m), taps.n()};
    config.precision = wide ? OAC_DOUBLE : OAC_SINGLE;
    config.rows = rows.data();
    config.n_rows = rows.size();
    config.n_channels = n_channels;
    config.backend = backend.c_str();
    config.device = device;
    config.threads = 1;
    config.row_length = row_length;
    config.n_fft = n_fft;
    config.segment = segment;
    config.hop = hop;
    config.batch = batch;
    oaconv *filter = nullptr;
    oaconv_status status;
    {
        py::gil_scoped_release release;
        status = oaconv_create(&filter, &config);
    }
    d_filter.reset(filter);
    if (status == OAC_ERR_BACKEND) /* of this name, for these taps */
        throw py::value_error(oaconv_last_error());
    check(status);
}

oaconv_info Filter::info() const
{
    oaconv_info info;
    oaconv_get_info(d_filter.get(), &info);
    return info;
}

void Filter::run(Call call, const py::buffer &x_array, const py::buffer &y_array)
{
    const Rows x(x_array, "x");
    Rows y(y_array, "y");
    x.check_number(d_sample);
    x.check_n_rows(d_in.size());
    if (point_out(d_sample, y, d_out) != x.n())
        throw py::value_error("x and y differ in length");
    for (std::size_t m = 0; m < d_in.size(); m++)
        d_in[m] = x.row(m);
    oaconv_status status;
    {
        py::gil_scoped_release release;
        status = call(d_filter.get(), d_in.data(), d_out.data(), x.n());
    }
    check(status);
}

void Filter::process(const py::buffer &x, const py::buffer &y)
{
    run(oaconv_process, x, y);
}

void Filter::finish(const py::buffer &x, const py::buffer &y)
{
    run(oaconv_finish, x, y);
}

void Filter::read_tail(const py::buffer &y_array)
{
    Rows y(y_array, "y");
    const std::size_t n = point_out(d_sample, y, d_out);
    oaconv_status status;
    {
        py::gil_scoped_release release;
        status = oaconv_read_tail(d_filter.get(), d_out.data(), n);
    }
    check(status);
}

void Filter::reset()
{
    oaconv_reset(d_filter.get());
}

} // namespace oaconv_python
