/* SPDX-License-Identifier: GPL-3.0-or-later
 * The blocks in Python. */
#include "rows_from_python.h"

#include <gnuradio/oaconv/multichannel_fft_filter.h>
#include <pybind11/pybind11.h>

#include <exception>
#include <stdexcept>

namespace py = pybind11;

namespace gr
{
namespace oaconv
{

namespace
{

constexpr const char *class_doc =
    R"(Filters M streams with M rows of FIR taps: y[m][t] = sum over k of taps[m][k] x[m][t-k].
With decimation D, it gives y[m][D t] only.

One block and one thread in the place of M filter blocks. No added delay, no scale. Nothing is lost
at the end of a stream: n samples in give n out on every port, ceil(n / D) with decimation, and with
flush the tail as well.

The ports run in lockstep: one stalled input stalls all of them, the shortest input ends all, and so
does a Head block behind one output. Tags stay on their channel, unless another propagation policy is
set. Methods may be called from any thread at any time.

Message port "taps" takes new taps: a pmt vector of M rows or of one for all, a pair
(channel . row), or a dict with "channel" and "taps" (a row), or with "taps" (a vector of rows)
alone. A row is a uniform vector of f32 or f64, for complex taps also of c32 or c64; a channel is an
integer from 0. A message that comes while the block is stopped waits for the next start.

A stream tag "taps" on a channel, its value a row, brings new taps for this channel, from the tagged
sample on. It is not passed on; the block's own tag "taps", the count of changes, marks the sample
on every output.

Taps that arrive by message or tag are prepared in the block's own thread, which filters nothing
meanwhile. Wrong ones are ignored, with one warning in the log.

A stream tag "flush", with any value and on any channel, lets all samples up to and including the
tagged one come out at once, for sources that pause or never end. No tail comes out: it is added to
what follows. The tag is passed on.

Message port "status" answers any message with a dict: backend, reason, fft_size, hop, samples
(filtered in this stream, per channel), tap_changes, last_tap_change, gpu_calls, gpu_losses, threads,
decimation. A stopped block answers at its next start.)";

constexpr const char *init_doc = R"(Makes a filter with as many inputs and outputs as channels.

taps:       rows of taps, one for each channel or one for all; a 2-D array, or a sequence of rows
            that may differ in length. Other number types are converted to single precision.
n_channels: M; 0 means as many as there are rows.
backend:    "auto", "cpu", "gpu", or an exact name ("simd", "volk", "direct", "cuda"). "auto" takes a
            GPU if there is one that filters at least 1.2 times as fast as the CPU; the environment
            variable OACONV_BACKEND fills in for it.
hop:        samples that the algorithm takes at a time, and therefore holds back in a slow stream;
            a multiple of the decimation; 0 lets the planner choose, now and at every tap change.
flush:      whether the tail comes out after the last sample: n + P - 1 samples for n, P being the
            length of the longest row; ceil((n + P - 1) / D) of them.
threads:    that share the channels, the block's own included; 0 means one for every core. Never
            more than cores or channels; they change no bit of the output.
max_latency: seconds that a sample may wait, once its hop is complete, for others to be filtered
            with it; at full speed larger batches make a faster graph.
max_batch:  samples; what the buffers before and after the block are made for, and so the backlog
            when a sink sets the pace; at least one hop, at most 256 MB in all.
device:     GPU, counted from 0; -1: that of the environment variable OACONV_DEVICE, or 0.
decimation: D; of the samples 0, 1, 2, ... only every D-th is computed and given out. A change of
            taps or a flush on any sample does not move them.

A GPU that is lost while the graph runs costs one line in the log and no sample: the CPU goes on, and
every start of the block tries the GPU again.

Raises ValueError with a message that names the place (no rows, "taps row 3 is empty", NaN or
infinite taps, rows neither 1 nor M, an unknown backend, one that cannot run here, a GPU asked for that
cannot be had, more ports than shared memory allows, a decimation less than 1, a hop that is no multiple of
it), TypeError for taps that are no numbers, masked, or complex where the filter takes real
ones, and for other arguments of the wrong type, MemoryError.)";

constexpr const char *set_taps_doc =
    R"(Changes all rows, also while running; rows may become longer than at the start.

Samples that have been filtered keep the taps they met, ring-out included; later ones get the new
taps. The new state is built in the calling thread, without the interpreter lock. The sample at which
it came into force is told by last_tap_change() and by a tag `taps` on every output, its value the
count of changes so far. Raises as the constructor; then nothing has changed.)";

constexpr const char *try_set_taps_doc =
    R"(set_taps() for sliders and other callbacks, in which an exception would end the program (as in a
slot of Qt): what is wrong is one warning in the log, and the old taps stay.

taps: rows as for set_taps(), or a function that returns them; what it raises is wrong, too.

Returns whether the taps are set.)";

/* Rows as they are, or from a function. What Python raises comes out as one line of text, and in
 * `not_an_error` where it must go on to the caller: KeyboardInterrupt, SystemExit. */
template <class TAP>
std::vector<std::vector<TAP>> rows_or_call(const py::object &taps, std::exception_ptr &not_an_error)
{
    py::gil_scoped_acquire acquire;
    try {
        const bool gives_rows = PyCallable_Check(taps.ptr()) && !PySequence_Check(taps.ptr());
        return rows_from_python<TAP>(gives_rows ? taps() : taps);
    } catch (const py::error_already_set &error) {
        if (!error.matches(PyExc_Exception))
            not_an_error = std::current_exception();
        throw std::runtime_error(error.type().attr("__name__").cast<std::string>() + ": " +
                                 py::str(error.value()).cast<std::string>());
    }
}

template <class SAMPLE, class TAP>
bool try_set_taps(multichannel_fft_filter<SAMPLE, TAP> &self, const py::object &taps)
{
    std::exception_ptr not_an_error;
    bool done = false;
    {
        py::gil_scoped_release release;
        done = self.try_set_taps([&] { return rows_or_call<TAP>(taps, not_an_error); });
    }
    if (not_an_error)
        std::rethrow_exception(not_an_error);
    return done;
}

template <class SAMPLE, class TAP>
void bind(py::module &m, const char *name)
{
    /* noconvert: pybind11 cuts off what is behind the point of numbers such as numpy.float32. */
    using filter = multichannel_fft_filter<SAMPLE, TAP>;
    py::class_<filter, gr::block, gr::basic_block, std::shared_ptr<filter>>(m, name, class_doc)
        .def(py::init([](const py::object &taps,
                         int n_channels,
                         const std::string &backend,
                         int hop,
                         bool flush,
                         int threads,
                         double max_latency,
                         int max_batch,
                         int device,
                         int decimation) {
                 const auto rows = rows_from_python<TAP>(taps);
                 py::gil_scoped_release release;
                 return filter::make(rows,
                                     n_channels,
                                     backend,
                                     hop,
                                     flush,
                                     threads,
                                     max_latency,
                                     max_batch,
                                     device,
                                     decimation);
             }),
             py::arg("taps"),
             py::arg("n_channels").noconvert() = 0,
             py::arg("backend") = "auto",
             py::arg("hop").noconvert() = 0,
             py::arg("flush") = false,
             py::arg("threads").noconvert() = 0,
             py::arg("max_latency") = 0.010,
             py::arg("max_batch").noconvert() = 16384,
             py::arg("device").noconvert() = -1,
             py::arg("decimation").noconvert() = 1,
             init_doc)
        .def(
            "set_taps",
            [](filter &self, const py::object &taps) {
                const auto rows = rows_from_python<TAP>(taps);
                py::gil_scoped_release release;
                self.set_taps(rows);
            },
            py::arg("taps"),
            set_taps_doc)
        .def("try_set_taps", &try_set_taps<SAMPLE, TAP>, py::arg("taps"), try_set_taps_doc)
        .def(
            "set_channel_taps",
            [](filter &self, int channel, const py::object &taps) {
                const auto row =
                    row_from_python<TAP>(taps, "taps of channel " + std::to_string(channel));
                py::gil_scoped_release release;
                self.set_channel_taps(channel, row);
            },
            py::arg("channel").noconvert(),
            py::arg("taps"),
            "Changes the taps of one channel, counted from 0; otherwise as set_taps().")
        .def(
            "taps",
            [](const filter &self) {
                std::vector<std::vector<TAP>> rows;
                {
                    py::gil_scoped_release release;
                    rows = self.taps();
                }
                return to_python(rows);
            },
            "The rows that were last set, one for each channel or one for all: a list of arrays.")
        .def("backend",
             &filter::backend,
             "The exact name of the backend in use now; another one once a GPU is lost.")
        .def("backend_reason", &filter::backend_reason, "Why that backend.")
        .def("gpu_calls",
             &filter::gpu_calls,
             "How many times a GPU has filtered a batch since the block was made.")
        .def("threads",
             &filter::threads,
             "Threads that share the channels, the block's own included.")
        .def("fft_size",
             &filter::fft_size,
             "Points of the FFT in use now; 0 where the backend uses none.")
        .def("hop", &filter::hop, "Samples that the algorithm takes at a time.")
        .def("decimation", &filter::decimation, "D: every D-th sample is given out.")
        .def("tap_changes",
             &filter::tap_changes,
             "How many tap changes have come into force since the start of the stream.")
        .def(
            "last_tap_change",
            &filter::last_tap_change,
            "The input sample, counted from the start of the stream, at which the latest one did.");
}

} // namespace

} // namespace oaconv
} // namespace gr

PYBIND11_MODULE(oaconv_python, m)
{
    py::module::import("gnuradio.gr"); /* knows the base classes */
    py::module::import("numpy.ma");    /* not while another thread forks */
    using namespace gr::oaconv;
    bind<float, float>(m, "multichannel_fft_filter_fff");
    bind<gr_complex, float>(m, "multichannel_fft_filter_ccf");
    bind<gr_complex, gr_complex>(m, "multichannel_fft_filter_ccc");
}
