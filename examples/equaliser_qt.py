#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The equaliser of equaliser.py in a window: four channels, ten sliders each.

A slider only notes the wish; a timer of the window brings every channel nearer to it, a row of taps
at a time, while the flowgraph runs on. Dots show the gain measured between what goes in and what
comes out. Without --audio a throttle sets the pace, with it the sound card.
"""

import argparse
import signal
import sys

import numpy as np
from gnuradio import audio, blocks, gr
from PyQt5 import QtCore, QtWidgets
import pyqtgraph  # after PyQt5: it takes the Qt that is there

import equaliser as eq
import eight_channel_receiver as voices
from slots import keep_window_open

COLOURS = ("#1f77b4", "#d95f02", "#2ca02c", "#7d4fb2")
PER_DB = 2  # steps of a slider
TICK = 20  # ms between two steps of a change
HOP, MAX_BATCH = 512, 2048  # samples: sliders are heard the sooner, the smaller they are
PIECE = 480  # samples that a throttle lets through at once
FRAME = 8192  # samples that the gain is measured on
AVERAGE = 0.15  # of a new frame in what is shown
SEEN = np.geomspace(22, 20000, 60)  # edges of the bins that dots are shown for, Hz
CURVE = np.geomspace(20, 22000, 300)  # frequencies of the curve, Hz


class Meter(gr.sync_block):
    """Measures the gain of every channel: M inputs from before, M from behind, vectors of FRAME."""

    def __init__(self):
        gr.sync_block.__init__(self, "Meter", [(np.float32, FRAME)] * (2 * eq.M), None)
        self.window = np.hanning(FRAME)
        bins = np.fft.rfftfreq(FRAME, 1 / eq.RATE)
        self.edges = np.unique(np.searchsorted(bins, SEEN))
        self.frequencies = np.sqrt(bins[self.edges[:-1]] * bins[self.edges[1:] - 1])
        self.power = np.full((2 * eq.M, len(self.frequencies)), 1e-12)

    def work(self, input_items, output_items):
        for frames in zip(*input_items):
            power = np.abs(np.fft.rfft(frames * self.window)) ** 2
            binned = np.add.reduceat(power, self.edges, axis=1)[:, :-1]
            self.power = (1 - AVERAGE) * self.power + AVERAGE * binned
        return len(input_items[0])

    def gains(self):
        """dB [M, len(frequencies)]"""
        power = self.power + 1e-12
        return 10 * np.log10(power[eq.M:] / power[:eq.M])


class Channel(QtWidgets.QWidget):
    """One channel: the curve of its taps, the gains measured, presets and sliders."""

    wished = QtCore.pyqtSignal(int, tuple)  # channel, gains
    chosen = QtCore.pyqtSignal(int)

    def __init__(self, m, preset):
        super().__init__()
        self.m = m
        layout = QtWidgets.QVBoxLayout(self)
        layout.addLayout(self.make_head(preset))
        layout.addWidget(self.make_plot(), 1)
        layout.addLayout(self.make_sliders(eq.PRESETS[preset]))

    def make_head(self, preset):
        self.button = QtWidgets.QRadioButton(f"Channel {self.m}")
        self.button.setStyleSheet(f"color: {COLOURS[self.m]}; font-weight: bold")
        self.button.setAutoExclusive(False)  # siblings are in other widgets; Window groups them
        self.presets = QtWidgets.QComboBox()
        self.presets.addItems(eq.PRESETS)
        self.presets.setCurrentText(preset)
        self.presets.activated[str].connect(self.show_preset)
        head = QtWidgets.QHBoxLayout()
        head.addWidget(self.button)
        head.addStretch()
        head.addWidget(self.presets)
        return head

    def make_plot(self):
        plot = pyqtgraph.PlotWidget(background="w")
        for name in ("left", "bottom"):
            plot.getAxis(name).setTextPen("#404040")
        plot.setLogMode(x=True, y=False)
        plot.setYRange(-eq.MOST - 3, eq.MOST + 3, padding=0)
        plot.setXRange(np.log10(CURVE[0]), np.log10(CURVE[-1]), padding=0)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.showGrid(True, True, 0.25)
        plot.getAxis("left").setTickSpacing(6, 3)
        plot.getAxis("bottom").setTicks([[(np.log10(f), text) for f, text in (
            (31.25, "31"), (125, "125"), (500, "500"), (2000, "2k"), (8000, "8k"))]])
        plot.setLabel("left", "gain (dB)")
        self.curve = plot.plot(pen=pyqtgraph.mkPen(COLOURS[self.m], width=2))
        self.dots = plot.plot(pen=None, symbol="o", symbolSize=4, symbolPen=None,
                              symbolBrush="#404040")
        return plot

    def make_sliders(self, gains):
        grid = QtWidgets.QGridLayout()
        grid.setHorizontalSpacing(2)
        self.sliders, self.texts = [], []
        for column, (band, gain) in enumerate(zip(eq.BANDS, gains)):
            slider = QtWidgets.QSlider(QtCore.Qt.Vertical)
            slider.setRange(-eq.MOST * PER_DB, eq.MOST * PER_DB)
            slider.setMinimumHeight(150)
            slider.setTickPosition(QtWidgets.QSlider.TicksLeft)
            slider.setTickInterval(eq.MOST * PER_DB)
            slider.setValue(round(gain * PER_DB))
            slider.valueChanged.connect(self.moved)
            text, name = QtWidgets.QLabel(), QtWidgets.QLabel(
                f"{band:.0f}" if band < 1000 else f"{band / 1000:.0f}k")
            for row, widget in enumerate((text, slider, name)):
                grid.addWidget(widget, row, column, QtCore.Qt.AlignHCenter)
            self.sliders.append(slider)
            self.texts.append(text)
        self.show_values()
        return grid

    def gains(self):
        return tuple(slider.value() / PER_DB for slider in self.sliders)

    def show_values(self):
        for text, gain in zip(self.texts, self.gains()):
            text.setText(f"{gain:+g}" if gain else "0")

    def moved(self):
        self.presets.setCurrentIndex(-1)
        self.show_values()
        self.wished.emit(self.m, self.gains())

    def show_preset(self, name):
        for slider, gain in zip(self.sliders, eq.PRESETS[name]):
            slider.setValue(round(gain * PER_DB))
        self.presets.setCurrentText(name)

    def show_taps(self, taps):
        cosines = np.cos(2 * np.pi / eq.RATE * np.outer(CURVE, np.arange(eq.P) - eq.DELAY))
        self.curve.setData(CURVE, 20 * np.log10(np.maximum(np.abs(cosines @ taps), 1e-3)))


class Window(QtWidgets.QWidget):
    """Four channels side by side, and the flowgraph behind them."""

    def __init__(self, signals, sound=None):
        super().__init__()
        self.setWindowTitle("Four equalisers, one multichannel_fft_filter_fff")
        self.channels = [Channel(m, preset) for m, preset in enumerate(eq.START)]
        self.make_graph(signals, sound)
        self.status = QtWidgets.QLabel()
        layout = QtWidgets.QGridLayout(self)
        group = QtWidgets.QButtonGroup(self)
        for m, channel in enumerate(self.channels):
            layout.addWidget(channel, 0, m)
            group.addButton(channel.button, m)
            channel.wished.connect(self.wish)
            channel.show_taps(self.graph.rows[m])
        self.channels[0].button.setChecked(True)  # as the selector is made
        group.buttonClicked[int].connect(self.hear)
        layout.addWidget(self.status, 1, 0, 1, eq.M)
        self.resize(1400, 640)
        self.wishes = {}  # by channel: gains that the graph has not been told yet
        for period, call in ((TICK, self.glide), (200, self.show_what_is)):
            timer = QtCore.QTimer(self)
            timer.timeout.connect(call)
            timer.start(period)

    def make_graph(self, signals, sound):
        sources = [blocks.vector_source_f(x, True) for x in signals]
        paced = sources
        if sound is None:
            paced = [blocks.throttle(gr.sizeof_float, eq.RATE) for _ in sources]
            for throttle in paced:
                throttle.set_max_noutput_items(PIECE)
        self.graph = eq.Equaliser(paced, [channel.gains() for channel in self.channels],
                                  hop=HOP, max_batch=MAX_BATCH)
        self.meter = Meter()
        self.choice = blocks.selector(gr.sizeof_float, 0, 0)
        for m, (source, end) in enumerate(zip(sources, paced)):
            if source is not end:
                self.graph.connect(source, end)
            filtered = (self.graph.filter, m)
            self.graph.connect(end, blocks.delay(gr.sizeof_float, eq.DELAY),
                               blocks.stream_to_vector(gr.sizeof_float, FRAME), (self.meter, m))
            self.graph.connect(filtered, blocks.stream_to_vector(gr.sizeof_float, FRAME),
                               (self.meter, eq.M + m))
            self.graph.connect(filtered, (self.choice, m))
        self.graph.connect(self.choice, blocks.null_sink(gr.sizeof_float) if sound is None
                           else audio.sink(eq.RATE, sound))

    def wish(self, m, gains):
        self.wishes[m] = gains

    def hear(self, m):
        self.choice.set_input_index(m)

    def glide(self):
        """One step of what the sliders ask for; while one is dragged its newest position counts."""
        while self.wishes:
            self.graph.set_gains(*self.wishes.popitem())
        self.graph.glide()

    def show_what_is(self):
        for channel, row, gains in zip(self.channels, self.graph.rows, self.meter.gains()):
            channel.show_taps(row)
            channel.dots.setData(self.meter.frequencies, gains)
        taken = self.graph.filter
        self.status.setText(
            f"{eq.M} channels of {eq.P} taps at {eq.RATE / 1e3:g} kS/s, backend {taken.backend()}; "
            f"{taken.tap_changes()} changes of taps, the last at sample {taken.last_tap_change()}")

    def closeEvent(self, event):
        self.graph.stop()
        self.graph.wait()
        event.accept()


def noise(seconds=4, seed=1):
    """Four channels of noise, to be repeated: float [M, n]."""
    return 0.1 * np.random.default_rng(seed).standard_normal((eq.M, seconds * eq.RATE))


def take_screenshot(window, path, done):
    """Changes two channels, then writes a picture of the window."""
    def change():
        window.channels[0].sliders[6].setValue(-8 * PER_DB)
        window.channels[0].sliders[2].setValue(5 * PER_DB)
        window.channels[2].show_preset("telephone")

    def grab():
        window.grab().save(path)
        done()

    QtCore.QTimer.singleShot(1000, change)
    QtCore.QTimer.singleShot(9000, grab)


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*", metavar="WAV",
                        help=f"{eq.M} mono files of {eq.RATE} Hz (default: noise)")
    parser.add_argument("--recordings", action="store_true",
                        help="take those of alsa-utils as the files")
    parser.add_argument("--audio", nargs="?", const="", metavar="DEVICE",
                        help="play the chosen channel, on the default sound card or DEVICE")
    parser.add_argument("--screenshot", metavar="PNG",
                        help="change two channels, write a picture of the window, and end")
    options = parser.parse_args(arguments)
    try:
        files = voices.find_recordings()[:eq.M] if options.recordings else options.files
        if len(files) not in (0, eq.M):
            raise eq.EqualiserError(f"want {eq.M} files, or none")
        signals = eq.read_files(files) if files else noise()
        program = QtWidgets.QApplication(sys.argv[:1])
        window = Window(signals, options.audio)
    except (eq.EqualiserError, voices.ReceiverError, OSError, RuntimeError) as error:
        print(f"equaliser_qt: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGINT, lambda *_: window.close())  # Ctrl-C, at the next tick of a timer
    keep_window_open("equaliser_qt")
    window.show()
    window.graph.start()
    if options.screenshot:
        take_screenshot(window, options.screenshot, window.close)
    return program.exec()


if __name__ == "__main__":
    sys.exit(main())
