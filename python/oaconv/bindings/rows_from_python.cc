/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of taps from whatever Python has. */
#include "rows_from_python.h"

#include <gnuradio/gr_complex.h>
#include <pybind11/complex.h>
#include <pybind11/numpy.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <type_traits>

namespace py = pybind11;

namespace gr
{
namespace oaconv
{

namespace
{

bool is_number(const py::handle &object)
{
    return PyNumber_Check(object.ptr()) && !PySequence_Check(object.ptr());
}

/* A row of one's own as an array of numbers that TAP can hold. */
template <class TAP>
py::array numbers(const py::handle &row, const std::string &where)
{
    if (py::isinstance<py::str>(row) || py::isinstance<py::bytes>(row))
        throw py::type_error(where + " is text; taps must be numbers");
    const py::array array = py::array::ensure(row);
    if (!array)
        throw py::type_error(where + " cannot be read as an array of numbers");
    const char kind = array.dtype().kind();
    if (kind == 'c' && std::is_same_v<TAP, float>)
        throw py::type_error(where + " is complex; this filter takes real taps");
    if (!std::strchr("biufc", kind))
        throw py::type_error(where + " has dtype " + py::str(array.dtype()).cast<std::string>() +
                             "; taps must be numbers");
    return array;
}

} // namespace

template <class TAP>
std::vector<TAP> row_from_python(const py::handle &row, const std::string &where)
{
    using wide = std::conditional_t<std::is_same_v<TAP, float>, double, std::complex<double>>;
    const py::array any = numbers<TAP>(row, where);
    if (any.ndim() != 1)
        throw py::value_error(where + " has " + std::to_string(any.ndim()) +
                              " dimensions; a row of taps has one");
    const py::array_t<wide, py::array::c_style | py::array::forcecast> array(any);
    std::vector<TAP> taps(std::size_t(array.size()));
    for (std::size_t k = 0; k < taps.size(); k++) {
        const wide tap = array.data()[k];
        taps[k] = TAP(tap);
        if (std::isfinite(std::abs(tap)) && !std::isfinite(std::abs(taps[k])))
            throw py::value_error(where + ", tap " + std::to_string(k) +
                                  " is too large for single precision");
    }
    return taps;
}

template <class TAP>
std::vector<std::vector<TAP>> rows_from_python(const py::object &taps)
{
    if (py::isinstance<py::array>(taps)) {
        const auto array = py::reinterpret_borrow<py::array>(taps);
        if (array.dtype().kind() != 'O' && array.ndim() == 1)
            return {row_from_python<TAP>(array, "taps")};
        if (array.ndim() != 1 && array.ndim() != 2)
            throw py::value_error("taps have " + std::to_string(array.ndim()) +
                                  " dimensions; rows of taps have two");
    } else if (!py::isinstance<py::sequence>(taps) || py::isinstance<py::str>(taps) ||
               py::isinstance<py::bytes>(taps)) {
        throw py::type_error("taps must be a 2-D array or a sequence of rows, not " +
                             py::str(py::type::of(taps)).cast<std::string>());
    }
    const py::sequence sequence(taps);
    const bool one_row =
        sequence.size() > 0 && std::all_of(sequence.begin(), sequence.end(), is_number);
    if (one_row)
        return {row_from_python<TAP>(taps, "taps")};
    std::vector<std::vector<TAP>> rows;
    for (const py::handle &row : sequence)
        rows.push_back(row_from_python<TAP>(row, "taps row " + std::to_string(rows.size())));
    return rows;
}

template std::vector<float> row_from_python(const py::handle &, const std::string &);
template std::vector<gr_complex> row_from_python(const py::handle &, const std::string &);
template std::vector<std::vector<float>> rows_from_python(const py::object &);
template std::vector<std::vector<gr_complex>> rows_from_python(const py::object &);

} // namespace oaconv
} // namespace gr
