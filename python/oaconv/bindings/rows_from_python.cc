/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of taps from whatever Python has, and back. */
#include "rows_from_python.h"

#include "oaconv/oaconv.h"

#include <gnuradio/gr_complex.h>
#include <pybind11/complex.h>

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

/* Arrays are made and converted by NumPy itself and read by the buffer protocol, not by pybind11's
 * idea of NumPy's structs: those of NumPy 2 differ. */
py::module numpy()
{
    return py::module::import("numpy");
}

bool is_masked(const py::handle &object)
{
    return py::isinstance(object, py::module::import("numpy.ma").attr("MaskedArray"));
}

void refuse_masked(const py::handle &object, const std::string &where)
{
    if (is_masked(object))
        throw py::type_error(where + " is a masked array; fill it first");
}

bool is_text(const py::handle &object)
{
    return py::isinstance<py::str>(object) || PyBytes_Check(object.ptr()) ||
           PyByteArray_Check(object.ptr());
}

/* What NumPy takes for an array of its own accord, rather than for a list. */
bool is_array_like(const py::handle &object)
{
    return py::hasattr(object, "__array__") || PyObject_CheckBuffer(object.ptr());
}

std::size_t n_dimensions(const py::handle &array)
{
    return array.attr("ndim").cast<std::size_t>();
}

char kind_of(const py::handle &array)
{
    return array.attr("dtype").attr("kind").cast<std::string>()[0];
}

/* Arrays without dimensions are numbers, too. */
bool is_number(const py::handle &object)
{
    return PyNumber_Check(object.ptr()) &&
           (!PySequence_Check(object.ptr()) ||
            (py::hasattr(object, "ndim") && n_dimensions(object) == 0));
}

/* An ndarray, without masks that would be lost on the way. */
py::object as_array(const py::handle &object, const std::string &where)
{
    try {
        const py::object array = numpy().attr("asanyarray")(object);
        refuse_masked(array, where);
        return numpy().attr("asarray")(array);
    } catch (const py::error_already_set &error) {
        if (!error.matches(PyExc_TypeError) && !error.matches(PyExc_ValueError))
            throw;
        throw py::type_error(where + " cannot be read as an array of numbers");
    }
}

void check_n_taps(std::size_t n_taps, const std::string &where)
{
    if (n_taps > OAC_MAX_TAPS)
        throw py::value_error(where + " has " + std::to_string(n_taps) + " taps; at most " +
                              std::to_string(OAC_MAX_TAPS) + " are possible");
}

/* In a sequence NumPy takes what is masked for a number. */
void check_sequence(const py::handle &row, const std::string &where)
{
    const auto sequence = py::reinterpret_borrow<py::sequence>(row);
    check_n_taps(sequence.size(), where);
    std::size_t k = 0;
    for (const py::handle &tap : sequence)
        refuse_masked(tap, where + ", tap " + std::to_string(k++));
}

/* A row of one's own as an array of numbers that TAP can hold. */
template <class TAP>
py::object numbers(const py::handle &row, const std::string &where)
{
    if (is_text(row))
        throw py::type_error(where + " is text; taps must be numbers");
    if (!is_array_like(row) && py::isinstance<py::sequence>(row))
        check_sequence(row, where);
    const py::object array = as_array(row, where);
    const char kind = kind_of(array);
    if (kind == 'c' && std::is_same_v<TAP, float>)
        throw py::type_error(where + " is complex; this filter takes real taps");
    if (!std::strchr("biufc", kind))
        throw py::type_error(where + " has dtype " +
                             py::str(array.attr("dtype")).cast<std::string>() +
                             "; taps must be numbers");
    if (n_dimensions(array) != 1)
        throw py::value_error(where + " has " + std::to_string(n_dimensions(array)) +
                              " dimensions; a row of taps has one");
    check_n_taps(py::len(array), where);
    return array;
}

/* What holds every number that NumPy has, integers of 64 bits included. */
template <class TAP>
using wide = std::conditional_t<std::is_same_v<TAP, float>, long double, std::complex<long double>>;

template <class NUMBER>
bool is_finite(const NUMBER &number)
{
    return std::isfinite(std::real(number)) && std::isfinite(std::imag(number));
}

/* The rows of an array or sequence that is more than one row. */
template <class TAP>
std::vector<std::vector<TAP>> each_row(const py::object &rows)
{
    const py::sequence sequence(rows);
    if (sequence.size() > OAC_MAX_CHANNELS)
        throw py::value_error(std::to_string(sequence.size()) + " rows of taps; at most " +
                              std::to_string(OAC_MAX_CHANNELS) + " are possible");
    std::vector<std::vector<TAP>> taps;
    for (const py::handle &row : sequence)
        taps.push_back(row_from_python<TAP>(row, "taps row " + std::to_string(taps.size())));
    return taps;
}

template <class TAP>
std::vector<std::vector<TAP>> rows_of_array(const py::object &taps)
{
    const py::object array = as_array(taps, "taps");
    const std::size_t n = n_dimensions(array);
    if (n == 1 && kind_of(array) != 'O')
        return {row_from_python<TAP>(array, "taps")};
    if (n != 1 && n != 2)
        throw py::value_error("taps have " + std::to_string(n) +
                              " dimensions; rows of taps have two");
    return each_row<TAP>(array);
}

bool is_one_row(const py::sequence &sequence)
{
    return sequence.size() > 0 && std::all_of(sequence.begin(), sequence.end(), is_number);
}

} // namespace

template <class TAP>
std::vector<TAP> row_from_python(const py::handle &row, const std::string &where)
{
    const py::object array = numbers<TAP>(row, where);
    const char *dtype = std::is_same_v<TAP, float> ? "longdouble" : "clongdouble";
    const py::buffer converted = numpy().attr("ascontiguousarray")(array, dtype);
    const py::buffer_info buffer = converted.request();
    const auto *values = static_cast<const wide<TAP> *>(buffer.ptr);
    std::vector<TAP> taps(std::size_t(buffer.size));
    for (std::size_t k = 0; k < taps.size(); k++) {
        taps[k] = TAP(values[k]);
        if (is_finite(values[k]) && !is_finite(taps[k]))
            throw py::value_error(where + ", tap " + std::to_string(k) +
                                  " is too large for single precision");
    }
    return taps;
}

template <class TAP>
std::vector<std::vector<TAP>> rows_from_python(const py::object &taps)
{
    if (!is_text(taps) && is_array_like(taps))
        return rows_of_array<TAP>(taps);
    if (!py::isinstance<py::sequence>(taps) || is_text(taps))
        throw py::type_error("taps must be a 2-D array or a sequence of rows, not " +
                             py::str(py::type::of(taps)).cast<std::string>());
    const py::sequence sequence(taps);
    check_n_taps(sequence.size(), "taps");
    if (is_one_row(sequence))
        return {row_from_python<TAP>(taps, "taps")};
    return each_row<TAP>(taps);
}

template <class TAP>
py::list to_python(const std::vector<std::vector<TAP>> &rows)
{
    py::list list;
    for (const auto &row : rows)
        list.append(numpy().attr("array")(py::memoryview::from_buffer(
            row.data(), {py::ssize_t(row.size())}, {py::ssize_t(sizeof(TAP))})));
    return list;
}

template std::vector<float> row_from_python(const py::handle &, const std::string &);
template std::vector<gr_complex> row_from_python(const py::handle &, const std::string &);
template std::vector<std::vector<float>> rows_from_python(const py::object &);
template std::vector<std::vector<gr_complex>> rows_from_python(const py::object &);
template py::list to_python(const std::vector<std::vector<float>> &);
template py::list to_python(const std::vector<std::vector<gr_complex>> &);

} // namespace oaconv
} // namespace gr
