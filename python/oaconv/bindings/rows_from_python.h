/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of taps from whatever Python has, and back. */
#ifndef INCLUDED_OACONV_ROWS_FROM_PYTHON_H
#define INCLUDED_OACONV_ROWS_FROM_PYTHON_H

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

namespace gr
{
namespace oaconv
{

/* Rows from a 2-D array, a sequence of rows that may differ in length, or one row: a 1-D array or
 * a sequence of numbers. TAP is float or gr_complex; other number types are rounded to it once.
 * Refuses masked arrays, what is not of numbers, complex numbers for real taps, and more or longer
 * rows than the engine takes, by pybind11::type_error or pybind11::value_error with a message that
 * names the row. */
template <class TAP>
std::vector<std::vector<TAP>> rows_from_python(const pybind11::object &taps);

/* One row from a 1-D array or a sequence of numbers; `where` begins the message. */
template <class TAP>
std::vector<TAP> row_from_python(const pybind11::handle &row, const std::string &where);

/* A list of arrays of its own memory. */
template <class TAP>
pybind11::list to_python(const std::vector<std::vector<TAP>> &rows);

} // namespace oaconv
} // namespace gr

#endif
