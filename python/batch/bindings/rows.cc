/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a NumPy array, by the buffer protocol. */
#include "rows.h"

namespace py = pybind11;

namespace oaconv_python
{

namespace
{

std::string name_of(const Number &number)
{
    const char *const names[2][2] = {{"float32", "float64"}, {"complex64", "complex128"}};
    return names[number.is_complex][number.wide];
}

/* Reads the format of the module struct for one number in native byte order. */
Number number_of(const std::string &format, const std::string &name)
{
    const char native = PY_BIG_ENDIAN ? '>' : '<';
    std::size_t at = 0;
    if (!format.empty() && (format[0] == '@' || format[0] == '=' || format[0] == native))
        at = 1;
    const std::string item = format.substr(at);
    for (const bool is_complex : {false, true})
        for (const bool wide : {false, true})
            if (item == std::string(is_complex ? "Z" : "") + (wide ? "d" : "f"))
                return {is_complex, wide};
    throw py::type_error(name + " holds numbers of the format \"" + format +
                         "\", not of single or double precision in native byte order");
}

} // namespace

Rows::Rows(const py::buffer &array, const char *name)
    : d_info(array.request()), d_name(name), d_number(number_of(d_info.format, d_name))
{
    if (d_info.ndim != 2)
        throw py::value_error(d_name + " has " + std::to_string(d_info.ndim) +
                              " dimensions, not 2");
    if (d_info.shape[1] > 1 && d_info.strides[1] != d_info.itemsize)
        throw py::value_error(d_name + " is not contiguous along its rows");
}

void Rows::check_number(const Number &wanted) const
{
    if (!(d_number == wanted))
        throw py::type_error(d_name + " has dtype " + name_of(d_number) + ", not " +
                             name_of(wanted));
}

void Rows::check_n_rows(std::size_t wanted) const
{
    if (n_rows() != wanted)
        throw py::value_error(d_name + " has " + std::to_string(n_rows()) + " rows, not " +
                              std::to_string(wanted));
}

void Rows::check_writable() const
{
    if (d_info.readonly)
        throw py::value_error(d_name + " is read-only");
}

} // namespace oaconv_python
