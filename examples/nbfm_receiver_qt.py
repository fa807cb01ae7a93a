#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The receiver of nbfm_receiver.py in a window: eight channels, two sliders each.

A slider asks the receiver for new taps and returns at once: a thread of the receiver prepares them
while the flowgraph runs on, and the filter takes them between two batches. Without --audio a
throttle sets the pace, with it the sound card.
"""

import argparse
import signal
import sys

from gnuradio import audio, blocks, fft, gr, qtgui
from PyQt5 import QtCore, QtGui, QtWidgets, sip

import nbfm_receiver as nbfm
from slots import keep_window_open

COLOURS = ("#1f77b4", "#d95f02", "#2ca02c", "#c51b7d", "#7d4fb2", "#8c564b", "#0e8f8f", "#b58900")
CENTRE_STEP, WIDTH_STEP = 250, 500  # of the sliders, Hz
EDGE = 180000  # centres that sliders reach, Hz
MAX_BATCH = 4096  # samples: sliders are heard the sooner, the smaller it is
PIECE = 3840  # samples that the throttle lets through at once
# What --screenshot moves, and hears at last: (channel, centre, width).
MOVES = ((0, 100000, 16000), (3, -50000, 9000), (5, 37500, 20000), (6, 81250, 12000))
PAUSE, LAST_PAUSE = 500, 6500  # ms between them, and before the picture is taken


class Bands(QtWidgets.QWidget):
    """The pass-bands of the channels, drawn over the canvas of a spectrum of the wide stream."""

    def __init__(self, plot, tunings):
        canvas = next(w for w in plot.findChildren(QtWidgets.QWidget)
                      if w.metaObject().className() == "QwtPlotCanvas")
        super().__init__(canvas)
        self.setAttribute(QtCore.Qt.WA_TransparentForMouseEvents)
        self.tunings, self.heard = tunings, 0
        canvas.installEventFilter(self)
        self.resize(canvas.size())

    def eventFilter(self, canvas, event):
        if event.type() == QtCore.QEvent.Resize:
            self.resize(event.size())
        return False

    def x_of(self, frequency):
        return (frequency / nbfm.RATE + 0.5) * self.width()

    def paintEvent(self, _):
        painter = QtGui.QPainter(self)
        for m, (centre, width) in enumerate(self.tunings):
            colour = QtGui.QColor(COLOURS[m])
            x, end = self.x_of(centre - width / 2), self.x_of(centre + width / 2)
            band = QtCore.QRectF(x, 0, end - x, self.height())
            painter.setPen(colour)
            painter.drawText(band.adjusted(-20, 3, 20, 0),
                             QtCore.Qt.AlignHCenter | QtCore.Qt.AlignTop, str(m))
            colour.setAlpha(110 if m == self.heard else 50)
            painter.fillRect(band, colour)


class Strip(QtCore.QObject):
    """The controls of one channel, in a row of a grid: which one is heard, centre and width."""

    tuned = QtCore.pyqtSignal(int, float, float)  # channel, centre, width
    chosen = QtCore.pyqtSignal(int)

    def __init__(self, grid, m, tuning):
        super().__init__()
        self.m = m
        self.button = QtWidgets.QRadioButton(f"{m}")
        self.button.setStyleSheet(f"color: {COLOURS[m]}; font-weight: bold")
        self.button.toggled.connect(lambda on: on and self.chosen.emit(m))
        self.centre = self.slider(-EDGE, EDGE, CENTRE_STEP, tuning[0])
        self.width = self.slider(nbfm.NARROWEST, nbfm.WIDEST, WIDTH_STEP, tuning[1])
        self.texts = [QtWidgets.QLabel(), QtWidgets.QLabel()]
        for text in self.texts:
            text.setAlignment(QtCore.Qt.AlignRight | QtCore.Qt.AlignVCenter)
            text.setMinimumWidth(62)
        for column, widget in enumerate((self.button, self.centre, self.texts[0], self.width,
                                         self.texts[1])):
            grid.addWidget(widget, m + 1, column)
        self.show_values()

    def slider(self, least, most, step, value):
        slider = QtWidgets.QSlider(QtCore.Qt.Horizontal)
        slider.setRange(least // step, most // step)
        slider.setPageStep(10)
        slider.setValue(round(value / step))
        slider.valueChanged.connect(self.moved)
        return slider

    def tuning(self):
        return self.centre.value() * CENTRE_STEP, self.width.value() * WIDTH_STEP

    def show_values(self):
        centre, width = self.tuning()
        self.texts[0].setText(f"{centre / 1e3:+.2f}")
        self.texts[1].setText(f"{width / 1e3:.1f}")

    def moved(self):
        self.show_values()
        self.tuned.emit(self.m, *self.tuning())


class Window(QtWidgets.QWidget):
    """Spectrum and waterfall of the wide stream; the controls; the channel that is heard."""

    def __init__(self, source, sound=None):
        super().__init__()
        self.setWindowTitle("Eight NBFM channels, one multichannel_fft_filter_ccc")
        tunings = [(station.offset, nbfm.WIDTH) for station in nbfm.STATIONS]
        self.receiver = nbfm.Receiver(source, tunings, max_batch=MAX_BATCH)
        self.source = source
        self.choices = [blocks.selector(gr.sizeof_gr_complex, 0, 0),
                        blocks.selector(gr.sizeof_float, 0, 0)]
        for m in range(nbfm.M):
            self.receiver.connect(self.receiver.narrow[m], (self.choices[0], m))
            self.receiver.connect(self.receiver.audio[m], (self.choices[1], m))
        if sound is not None:
            self.receiver.connect(self.choices[1], audio.sink(nbfm.AUDIO_RATE, sound))
        self.status = QtWidgets.QLabel()
        self.make_layout(tunings)
        timer = QtCore.QTimer(self)
        timer.timeout.connect(self.show_status)
        timer.start(200)

    # ---- what is seen ----

    def make_layout(self, tunings):
        wide = self.spectrum("Wide stream", nbfm.RATE, 4096, (-95, 10), self.source)
        self.bands = Bands(wide, self.receiver.tunings)
        layout = QtWidgets.QGridLayout(self)
        layout.addWidget(wide, 0, 0)
        layout.addWidget(self.waterfall(), 1, 0)
        layout.addWidget(self.controls(tunings), 0, 1, QtCore.Qt.AlignTop)
        heard = QtWidgets.QHBoxLayout()
        heard.addWidget(self.spectrum("Channel heard", nbfm.AUDIO_RATE, 1024, (-95, 10),
                                      self.choices[0]))
        heard.addWidget(self.scope())
        layout.addLayout(heard, 1, 1)
        layout.addWidget(self.status, 2, 0, 1, 2)
        for column, stretch in enumerate((11, 9)):
            layout.setColumnStretch(column, stretch)
        for row in (0, 1):
            layout.setRowStretch(row, 1)
        self.resize(1400, 800)

    def add(self, sink, end):
        """Connects a sink of qtgui, and returns its widget."""
        self.receiver.connect(end, sink)
        return sip.wrapinstance(sink.qwidget(), QtWidgets.QWidget)

    def spectrum(self, name, rate, size, limits, end):
        sink = qtgui.freq_sink_c(size, fft.window.WIN_BLACKMAN_hARRIS, 0, rate, name, 1, None)
        sink.set_y_axis(*limits)
        sink.set_update_time(0.1)
        sink.set_fft_average(0.2)
        sink.enable_grid(True)
        sink.disable_legend()
        sink.set_line_color(0, "#303030")
        sink.set_trigger_mode(qtgui.TRIG_MODE_FREE, 0, 0)
        return self.add(sink, end)

    def waterfall(self):
        sink = qtgui.waterfall_sink_c(2048, fft.window.WIN_BLACKMAN_hARRIS, 0, nbfm.RATE, "", 1,
                                      None)
        sink.set_update_time(0.03)
        sink.set_intensity_range(-85, -15)
        sink.set_color_map(0, qtgui.INTENSITY_COLOR_MAP_TYPE_INCANDESCENT)
        sink.disable_legend()
        return self.add(sink, self.source)

    def scope(self):
        sink = qtgui.time_sink_f(1024, nbfm.AUDIO_RATE, "Audio", 1, None)
        sink.set_y_axis(-1, 1)
        sink.set_update_time(0.1)
        sink.enable_grid(True)
        sink.disable_legend()
        sink.set_line_color(0, "#303030")
        sink.set_trigger_mode(qtgui.TRIG_MODE_NORM, qtgui.TRIG_SLOPE_POS, 0.1, 0.002, 0)
        return self.add(sink, self.choices[1])

    def controls(self, tunings):
        box = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(box)
        for column, name in enumerate(("hear", "centre (kHz)", "", "width (kHz)", "")):
            grid.addWidget(QtWidgets.QLabel(name), 0, column)
        grid.setVerticalSpacing(14)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(3, 2)
        self.strips = [Strip(grid, m, tuning) for m, tuning in enumerate(tunings)]
        self.strips[0].button.setChecked(True)  # as the selectors are made
        for strip in self.strips:
            strip.tuned.connect(self.tune)
            strip.chosen.connect(self.hear)
        return box

    def show_status(self):
        taken = self.receiver.channel_filter
        self.status.setText(
            f"{nbfm.M} channels of {nbfm.P} taps, {nbfm.RATE / 1e3:g} to "
            f"{nbfm.AUDIO_RATE / 1e3:g} kS/s, backend {taken.backend()}; "
            f"{taken.tap_changes()} changes of taps, the last at sample {taken.last_tap_change()}")

    # ---- what is done ----

    def tune(self, m, centre, width):
        self.receiver.tune(m, centre, width)
        self.bands.update()

    def hear(self, m):
        for choice in self.choices:
            choice.set_input_index(m)
        self.bands.heard = m
        self.bands.update()

    def closeEvent(self, event):
        self.receiver.stop()
        self.receiver.wait()
        event.accept()


def take_screenshot(window, path, done):
    """Moves some sliders, one after the other, then writes a picture of the window."""
    def move(channel, centre, width):
        strip = window.strips[channel]
        strip.centre.setValue(round(centre / CENTRE_STEP))
        strip.width.setValue(round(width / WIDTH_STEP))
        strip.button.setChecked(True)

    def grab():
        window.grab().save(path)
        done()

    for i, what in enumerate(MOVES):
        QtCore.QTimer.singleShot(PAUSE * (i + 1), lambda what=what: move(*what))
    QtCore.QTimer.singleShot(PAUSE * len(MOVES) + LAST_PAUSE, grab)


def what_stations_send(options):
    """Recordings, where there are any or a folder is named; else tones."""
    try:
        return nbfm.tones() if options.tones else nbfm.speech(options.recordings)
    except nbfm.voices.ReceiverError:
        if options.recordings:
            raise
        return nbfm.tones()


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--recordings", metavar="DIR",
                        help=f"folder with {nbfm.M} mono WAV files of {nbfm.AUDIO_RATE} Hz "
                             "(default: those of alsa-utils; without them, tones)")
    parser.add_argument("--tones", action="store_true", help="stations send tones")
    parser.add_argument("--audio", nargs="?", const="", metavar="DEVICE",
                        help="play the chosen channel, on the default sound card or DEVICE")
    parser.add_argument("--screenshot", metavar="PNG",
                        help="move some sliders, write a picture of the window, and end")
    options = parser.parse_args(arguments)
    try:
        band = nbfm.make_band(what_stations_send(options))
        program = QtWidgets.QApplication(sys.argv[:1])
        wide = blocks.vector_source_c(band, True)
        paced = wide
        if options.audio is None:
            paced = blocks.throttle(gr.sizeof_gr_complex, nbfm.RATE)
            paced.set_max_noutput_items(PIECE)
        window = Window(paced, options.audio)
    except (nbfm.voices.ReceiverError, OSError, RuntimeError) as error:
        print(f"nbfm_receiver_qt: {error}", file=sys.stderr)
        return 1
    if paced is not wide:
        window.receiver.connect(wide, paced)
    signal.signal(signal.SIGINT, lambda *_: window.close())  # Ctrl-C, at the next tick of a timer
    keep_window_open("nbfm_receiver_qt")
    window.show()
    window.receiver.start()
    if options.screenshot:
        take_screenshot(window, options.screenshot, window.close)
    return program.exec()


if __name__ == "__main__":
    sys.exit(main())
