/* SPDX-License-Identifier: GPL-3.0-or-later
 * A filter handle of the engine, fed with NumPy arrays. */
#include "filter.h"

#include <complex>
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

std::string name_of(const py::dtype &dtype)
{
    return py::str(py::handle(dtype));
}

template <class T>
bool holds(const py::array &array)
{
    return array.dtype().equal(py::dtype::of<T>());
}

/* Whether taps are in double precision; refuses those that are not what the kind asks for. */
bool is_double(oaconv_type type, const py::array &taps)
{
    const bool is_complex = type == OAC_COMPLEX;
    const bool wide = is_complex ? holds<std::complex<double>>(taps) : holds<double>(taps);
    if (!wide && !(is_complex ? holds<std::complex<float>>(taps) : holds<float>(taps)))
        throw py::type_error("taps have dtype " + name_of(taps.dtype()) +
                             ", which this kind of filter does not take");
    return wide;
}

py::dtype sample_dtype(oaconv_type type, bool wide)
{
    if (type == OAC_REAL)
        return wide ? py::dtype::of<double>() : py::dtype::of<float>();
    return wide ? py::dtype::of<std::complex<double>>() : py::dtype::of<std::complex<float>>();
}

/* Refuses what is no (rows, n) array of that dtype with contiguous rows. */
void check_array(const py::array &array, const py::dtype &dtype, const char *name)
{
    if (!array.dtype().equal(dtype))
        throw py::type_error(std::string(name) + " has dtype " + name_of(array.dtype()) + ", not " +
                             name_of(dtype));
    if (array.ndim() != 2)
        throw py::value_error(std::string(name) + " has " + std::to_string(array.ndim()) +
                              " dimensions, not 2");
    if (array.shape(1) > 1 && array.strides(1) != array.itemsize())
        throw py::value_error(std::string(name) + " is not contiguous along its rows");
}

const char *row_of(const py::array &array, std::size_t m)
{
    return static_cast<const char *>(array.data()) + py::ssize_t(m) * array.strides(0);
}

/* Checks an array of samples; answers how many each row has. */
std::size_t
check_samples(const py::array &array, const py::dtype &dtype, std::size_t n_rows, const char *name)
{
    check_array(array, dtype, name);
    if (std::size_t(array.shape(0)) != n_rows)
        throw py::value_error(std::string(name) + " has " + std::to_string(array.shape(0)) +
                              " rows, not " + std::to_string(n_rows));
    return std::size_t(array.shape(1));
}

/* Points d_out to the rows of y; answers how many samples they have. */
std::size_t point_out(const py::dtype &dtype, py::array &y, std::vector<void *> &out)
{
    const std::size_t n = check_samples(y, dtype, out.size(), "y");
    char *first = static_cast<char *>(y.mutable_data()); /* refuses one that is read-only */
    for (std::size_t m = 0; m < out.size(); m++)
        out[m] = first + py::ssize_t(m) * y.strides(0);
    return n;
}

} // namespace

Filter::Filter(const std::string &kind,
               const py::array &taps,
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
    const bool wide = is_double(config.type, taps);
    check_array(taps, taps.dtype(), "taps");
    d_sample = sample_dtype(config.type, wide);
    std::vector<oaconv_row> rows(std::size_t(taps.shape(0)));
    for (std::size_t m = 0; m < rows.size(); m++)
        rows[m] = {static_cast<const void *>(row_of(taps, m)), std::size_t(taps.shape(1))};
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

void Filter::run(Call call, const py::array &x, py::array &y)
{
    const std::size_t n = check_samples(x, d_sample, d_in.size(), "x");
    if (point_out(d_sample, y, d_out) != n)
        throw py::value_error("x and y differ in length");
    for (std::size_t m = 0; m < d_in.size(); m++)
        d_in[m] = row_of(x, m);
    oaconv_status status;
    {
        py::gil_scoped_release release;
        status = call(d_filter.get(), d_in.data(), d_out.data(), n);
    }
    check(status);
}

void Filter::process(const py::array &x, py::array y)
{
    run(oaconv_process, x, y);
}

void Filter::finish(const py::array &x, py::array y)
{
    run(oaconv_finish, x, y);
}

void Filter::read_tail(py::array y)
{
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
