/* SPDX-License-Identifier: GPL-3.0-or-later
 * Rows of a NumPy array, by the buffer protocol. */
#ifndef OACONV_PYTHON_ROWS_H
#define OACONV_PYTHON_ROWS_H

#include <pybind11/pybind11.h>

#include <cstddef>
#include <string>

namespace oaconv_python
{

/* What an array holds. */
struct Number {
    bool is_complex;
    bool wide; /* in double precision */

    bool operator==(const Number &other) const
    {
        return is_complex == other.is_complex && wide == other.wide;
    }
};

/* An (n_rows, n) array with contiguous rows, which is kept while this lives. Its memory is found by
 * the buffer protocol, not by pybind11's idea of NumPy's structs: those of NumPy 2 differ, and
 * pybind11 before 2.12 takes one for the other. The caller holds the interpreter lock. */
class Rows
{
public:
    /* Refuses, by this name, what is no such array. */
    Rows(const pybind11::buffer &array, const char *name);

    const Number &number() const { return d_number; }
    std::size_t n_rows() const { return std::size_t(d_info.shape[0]); }
    std::size_t n() const { return std::size_t(d_info.shape[1]); }
    const void *row(std::size_t m) const { return address(m); }
    void *writable_row(std::size_t m) { return address(m); }

    void check_number(const Number &wanted) const;
    void check_n_rows(std::size_t wanted) const;
    void check_writable() const;

private:
    char *address(std::size_t m) const
    {
        return static_cast<char *>(d_info.ptr) + pybind11::ssize_t(m) * d_info.strides[0];
    }

    pybind11::buffer_info d_info;
    const std::string d_name;
    Number d_number;
};

} // namespace oaconv_python

#endif
