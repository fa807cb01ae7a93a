/* SPDX-License-Identifier: GPL-3.0-or-later
 * The module oaconv._core: filters over NumPy arrays. */
#include "filter.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <tuple>
#include <vector>

namespace py = pybind11;

namespace
{

constexpr const char *filter_doc =
    R"(An engine at work on M rows: numpy arrays in and out, (M, n) and contiguous along their rows.

One thread at a time for each filter; the interpreter lock is released while it works. Raises
ValueError for what cannot be, MemoryError, and RuntimeError when a backend fails.)";

constexpr const char *init_doc = R"(Makes a filter.

kind:       "fff" (real signal and taps), "ccf" (complex signal, real taps) or "ccc"
taps:       (M, P) or (1, P), contiguous: float32 or complex64, float64 or complex128; decides the
            precision
n_channels: M
row_length: samples that each row has in all; decides the plan where none is given
n_fft, segment, hop: a plan, as another filter has it; 0 lets the planner choose
batch:      samples a row that a call usually has, for a GPU)";

std::vector<std::tuple<std::string, bool, std::string>> backends()
{
    std::vector<std::tuple<std::string, bool, std::string>> all;
    for (std::size_t i = 0; i < oaconv_backend_count(); i++) {
        const char *reason = "";
        const bool usable = oaconv_backend_usable(i, &reason);
        all.emplace_back(oaconv_backend_name(i), usable, reason);
    }
    return all;
}

oaconv_precision precision(bool in_double)
{
    return in_double ? OAC_DOUBLE : OAC_SINGLE;
}

std::string export_wisdom(bool in_double)
{
    const std::unique_ptr<char, decltype(&std::free)> wisdom(
        oaconv_export_wisdom(precision(in_double)), std::free);
    if (!wisdom)
        throw std::bad_alloc();
    return wisdom.get();
}

void import_wisdom(bool in_double, const std::string &wisdom)
{
    if (!oaconv_import_wisdom(precision(in_double), wisdom.c_str()))
        throw py::value_error("FFTW does not understand this wisdom: it is damaged, or of another "
                              "version of FFTW, processor or build");
}

} // namespace

PYBIND11_MODULE(_core, m)
{
    using oaconv_python::Filter;
    m.doc() = "The engine behind the package oaconv.";
    m.def("version", &oaconv_version);
    m.def("backends",
          &backends,
          py::call_guard<py::gil_scoped_release>(),
          "A tuple for each backend: name, whether it can run here, and what it is or why not.");
    m.def("export_wisdom",
          &export_wisdom,
          py::arg("in_double"),
          "What FFTW has learnt in this process, as text.");
    m.def("import_wisdom",
          &import_wisdom,
          py::arg("in_double"),
          py::arg("wisdom"),
          "Takes over what another process has learnt; ValueError where FFTW does not understand "
          "it.");
    py::class_<Filter>(m, "Filter", filter_doc)
        .def(py::init<const std::string &,
                      const py::buffer &,
                      std::size_t,
                      const std::string &,
                      int,
                      std::size_t,
                      std::size_t,
                      std::size_t,
                      std::size_t,
                      std::size_t>(),
             py::arg("kind"),
             py::arg("taps"),
             py::arg("n_channels"),
             py::arg("backend") = "auto",
             py::arg("device") = -1,
             py::arg("row_length") = 0,
             py::arg("n_fft") = 0,
             py::arg("segment") = 0,
             py::arg("hop") = 0,
             py::arg("batch") = 0,
             init_doc)
        .def("process",
             &Filter::process,
             py::arg("x"),
             py::arg("y"),
             "Filters the next samples x, a multiple of the hop of them, into y.")
        .def("finish",
             &Filter::finish,
             py::arg("x"),
             py::arg("y"),
             "Filters the last samples x, less than a hop of them, into y.")
        .def("read_tail",
             &Filter::read_tail,
             py::arg("y"),
             "Fills y with the next samples of what is still owed after finish().")
        .def("reset", &Filter::reset, "Forgets all samples.")
        .def_property_readonly("backend", &Filter::backend)
        .def_property_readonly("reason", &Filter::reason)
        .def_property_readonly("n_fft", [](const Filter &f) { return f.info().n_fft; })
        .def_property_readonly("segment", [](const Filter &f) { return f.info().segment; })
        .def_property_readonly("hop", [](const Filter &f) { return f.info().hop; })
        .def_property_readonly(
            "cost",
            [](const Filter &f) { return f.info().cost; },
            "Nanoseconds that a sample of a row takes, as the planner estimates; 0 where it does "
            "not.");
}
