# SPDX-License-Identifier: GPL-3.0-or-later
"""The NBFM receiver: retuned by tag, by message and by hand while it runs, it hears the right
station from the right sample on, loses nothing and does not click."""
import math
import re
import shutil
import sys

import numpy as np
import pmt
import pytest
from gnuradio import blocks
from scipy.io import wavfile

import example_programs as programs  # before what it brings into the path
import helpers as h
import nbfm_receiver as nbfm

D = nbfm.DECIMATION
N = 200003  # samples of the wide stream; no multiple of D
AT = 100005  # the sample of a change; neither
OFFSETS = [station.offset for station in nbfm.STATIONS]
START = [(offset, nbfm.WIDTH) for offset in OFFSETS]
NEAR = 4  # samples of 48 kS/s: how long a filter takes from one station to the other


@pytest.fixture(scope="module")
def band():
    return nbfm.make_band(nbfm.tones())


class Heard:
    """The ends of a receiver in sinks."""

    def __init__(self, source, script=(), n=N):
        self.receiver = nbfm.Receiver(source, START, script)
        self.n = n
        self.filter = self.receiver.channel_filter
        self.sinks = {}
        for m in range(nbfm.M):
            for name, end in (("filtered", (self.filter, m)), ("narrow", self.receiver.narrow[m]),
                              ("demodulated", self.receiver.demodulated[m]),
                              ("audio", self.receiver.audio[m])):
                kind = "c" if name in ("filtered", "narrow") else "f"
                self.sinks[name, m] = sink = h.sink(kind)
                self.receiver.connect(end, sink)

    def __getitem__(self, which):
        """what[name, m] or, of all channels, what[name]; lengths have been checked."""
        if isinstance(which, str):
            return [self[which, m] for m in range(nbfm.M)]
        samples = np.array(self.sinks[which].data())
        assert len(samples) == math.ceil(self.n / D), which
        return samples


def heard(band, script=()):
    it = Heard(blocks.vector_source_c(band[:N]), script)
    h.run(it.receiver)
    return it


def assert_filtered(it, x, pieces):
    """Every D-th sample of a convolution in double precision, and the mark of the change.
    pieces   of every channel, [(first sample, (centre, width)), ...]"""
    for m, of_channel in enumerate(pieces):
        rows = [(first, nbfm.band_pass(*tuning)) for first, tuning in of_channel]
        want = h.oracle(x, rows, len(x))[::D]
        h.assert_close(it["filtered", m], want, 2 * h.tolerance(x, *(row for _, row in rows)),
                       f"channel {m}")
        changes = sorted({first for some in pieces for first, _ in some if first})
        assert h.changes_of(it.sinks["filtered", m]) == [
            (math.ceil(at / D), count) for count, at in enumerate(changes, 1)]


def residual(y, tone):
    """What is left of y without a tone and a mean, RMS over that of y."""
    t = 2 * np.pi * tone / nbfm.AUDIO_RATE * np.arange(len(y))
    basis = np.stack([np.cos(t), np.sin(t), np.ones(len(t))], axis=1)
    rest = y - basis @ np.linalg.lstsq(basis, y, rcond=None)[0]
    return np.sqrt(np.mean(rest ** 2) / np.mean(y ** 2))


def assert_retuned(it, m, at, before, after):
    """Channel m has the tone of one station right up to the change, then that of the other."""
    y, cross = it["demodulated", m], at / D + nbfm.DELAY
    first, end = math.ceil(cross) - NEAR, math.ceil(cross) + NEAR
    old, new = y[first - 960:first], y[end:end + 960]
    tones = [nbfm.STATIONS[k].tone for k in (before, after)]
    assert residual(old, tones[0]) < 0.5 and residual(new, tones[1]) < 0.5
    assert residual(old, tones[1]) > 0.9 and residual(new, tones[0]) > 0.9


def steepest(y, first, end):
    return np.max(np.abs(np.diff(y[first:end])))


# ---- by tag ----


@pytest.mark.parametrize("at", [AT, AT + 3], ids=["between", "on an output sample"])
def test_retuned_by_tag_from_the_tagged_sample_on(at, band):
    it = heard(band, [(at, 0, OFFSETS[5], nbfm.WIDTH)])
    pieces = [[(0, tuning)] for tuning in START]
    pieces[0].append((at, (OFFSETS[5], nbfm.WIDTH)))
    assert_filtered(it, band[:N], pieces)
    assert_retuned(it, 0, at, 0, 5)


def test_channels_exchange_stations_on_one_sample(band):
    script = [(AT, 1, OFFSETS[7], nbfm.WIDTH), (AT, 7, OFFSETS[1], nbfm.WIDTH),
              (AT + 40001, 7, OFFSETS[4], 10000)]
    it = heard(band, script)
    assert (it.filter.tap_changes(), it.filter.last_tap_change()) == (2, AT + 40001)
    assert_retuned(it, 1, AT, 1, 7)
    assert_retuned(it, 7, AT, 7, 1)
    assert_retuned(it, 7, AT + 40001, 1, 4)
    untouched = heard(band)
    for m in (0, 2, 3, 4, 5, 6):
        limit = 2 * h.tolerance(band, nbfm.band_pass(*START[m]))
        h.assert_close(it["filtered", m], untouched["filtered", m], limit, f"channel {m}")


def test_another_width_is_not_heard(band):
    """All rows delay alike: neither the audio nor its steepness shows where the width changed."""
    it = heard(band, [(AT, 0, OFFSETS[0], 9000), (AT + 20000, 3, OFFSETS[3], 20000)])
    for m, at in ((0, AT), (3, AT + 20000)):
        y, cross = it["audio", m], round(at / D + nbfm.DELAY)
        assert steepest(y, cross - 500, cross + 1000) < 1.1 * steepest(y, 2000, cross - 500)
        tone = nbfm.STATIONS[m].tone
        assert residual(y[cross - 480:cross + 960], tone) < 0.05


def test_another_station_clicks_no_more_than_two_carriers_must(band):
    """Their phases differ by less than a turn; a shift that changed at another time than the
    filters cross over would be heard as many turns."""
    it = heard(band, [(AT, 0, OFFSETS[5], nbfm.WIDTH), (AT, 2, OFFSETS[0], nbfm.WIDTH),
                      (AT + 7, 4, OFFSETS[6], nbfm.WIDTH), (AT + 7, 7, OFFSETS[1], nbfm.WIDTH)])
    for m in (0, 2, 4, 7):
        y, cross = it["audio", m], round(AT / D + nbfm.DELAY)
        steady = max(steepest(y, 2000, cross - 500), steepest(y, cross + 1000, len(y)))
        turn = steepest(nbfm.audio_taps(), 0, None) * nbfm.AUDIO_RATE / nbfm.DEVIATION
        assert steepest(y, cross - 500, cross + 1000) < steady + turn


def test_chunking_does_not_show(band):
    """Not even where the Derotator changes: same bits in small pieces."""
    script = [(AT, 0, OFFSETS[5], nbfm.WIDTH), (AT + 64, 2, OFFSETS[3], 9000)]
    want = heard(band, script)
    source, copy = blocks.vector_source_c(band[:N]), h.copy("c")
    copy.set_max_noutput_items(4321)
    it = Heard(copy, script)
    it.receiver.derotator.set_max_noutput_items(77)
    it.receiver.connect(source, copy)
    h.run(it.receiver)
    h.assert_same_bits([y.astype("F") for y in it["filtered"]],
                       [y.astype("F") for y in want["filtered"]])
    for got, expected in zip(it["narrow"], want["narrow"]):
        h.assert_close(got, expected, 1e-5)  # phases add up in other pieces


# ---- by hand and by message ----


def change_while_running(band, change):
    """Runs the first AT samples, then change(it), then the others; returns it, and the sample."""
    gate = h.Gate("c")
    it = Heard(gate)
    with h.Running(it.receiver, [gate]):
        gate.feed(band[:AT])
        h.until(lambda: AT - D * it.filter.nitems_written(0) < it.filter.hop(), "whole hops")
        change(it)
        new = nbfm.band_pass(OFFSETS[5], nbfm.WIDTH)
        h.until(lambda: np.array_equal(it.filter.taps()[0], new), "the new taps")
        gate.feed(band[AT:N])
        gate.close()
    assert it.filter.tap_changes() == 1
    return it, it.filter.last_tap_change()


def assert_one_change(it, band, at):
    assert 0 < at <= AT
    pieces = [[(0, tuning)] for tuning in START]
    pieces[0].append((at, (OFFSETS[5], nbfm.WIDTH)))
    assert_filtered(it, band[:N], pieces)
    assert_retuned(it, 0, at, 0, 5)


def test_tuned_by_hand_while_running(band):
    it, at = change_while_running(band, lambda it: it.receiver.tune(0, OFFSETS[5], nbfm.WIDTH))
    assert_one_change(it, band, at)


@pytest.mark.parametrize("wish", [(0.0, 1e9), (float("nan"), 8000), (0.0, -1e9)])
def test_a_wish_that_makes_no_taps_is_a_line_and_the_next_one_counts(wish, band, capfd):
    def change(it):
        it.receiver.tune(0, *wish)
        h.until(lambda: it.receiver.tunings == START, "the old tuning, which stays")
        it.receiver.tune(0, OFFSETS[5], nbfm.WIDTH)

    it, at = change_while_running(band, change)
    assert_one_change(it, band, at)
    assert it.receiver.tunings[0] == (OFFSETS[5], nbfm.WIDTH)
    assert capfd.readouterr().err.count("channel 0 stays as it was: ") == 1


def test_tuned_by_message_while_running(band):
    def post(it):
        it.receiver.centres[1] = [OFFSETS[5], *OFFSETS[1:]]
        row = h.uniform(nbfm.band_pass(OFFSETS[5], nbfm.WIDTH))
        it.filter.to_basic_block()._post(pmt.intern("taps"), pmt.cons(pmt.from_long(0), row))

    it, at = change_while_running(band, post)
    assert_one_change(it, band, at)


def test_of_many_wishes_the_newest_counts(band):
    """As of a slider that is dragged: every channel ends where it was left."""
    gate = h.Gate("c")
    it = Heard(gate, n=0)
    last = [(offset + 6250, 8000) for offset in OFFSETS]
    want = [nbfm.band_pass(*tuning) for tuning in last]

    def fed_and_done():
        gate.feed(band[:1000])
        it.n += 1000
        return all(map(np.array_equal, it.filter.taps(), want))

    with h.Running(it.receiver, [gate]):
        for step in range(100):
            for m, (centre, width) in enumerate(last):
                it.receiver.tune(m, centre - 99 + step, width)
        h.until(fed_and_done, "the last wish")
        gate.feed(band[:1000])
        it.n += 1000
        gate.close()
    marks = h.changes_of(it.sinks["filtered", 0])
    assert [count for _, count in marks] == list(range(1, len(marks) + 1))
    assert nbfm.M <= len(marks) <= 100 * nbfm.M
    assert it.receiver.tunings == last
    assert it.receiver.centres[len(marks)] == [centre for centre, _ in last]
    assert all(len(y) == it.n // D for y in it["audio"])


# ---- the program ----


def test_the_program_checks_itself_and_writes_what_it_heard(tmp_path):
    done = programs.run_example("nbfm_receiver", tmp_path, "--out", "out")
    assert done.returncode == 0, done.stdout
    rows = re.findall(r"^ *(\d) +([\d.]+) +([\d.]+) +([-\d.]+) +(\d) ", done.stdout, re.M)
    assert [row[4] for row in rows if row[0] == "0"] == ["0", "5", "2"], done.stdout
    assert len(rows) == nbfm.M + len(nbfm.SCRIPT)
    for m in range(nbfm.M):
        rate, audio = wavfile.read(tmp_path / "out" / f"nbfm_{m}.wav")
        assert (rate, audio.shape) == (nbfm.AUDIO_RATE, (nbfm.AUDIO_RATE,))


def test_the_program_follows_its_arguments(tmp_path):
    done = programs.run_example("nbfm_receiver", tmp_path, "--seconds", "0.50001",
                                "--retune", "0.25:4:37.5", "--retune", "0.1:4:81.25:8")
    assert done.returncode == 0, done.stdout
    assert re.findall(r"^ *4 +\S+ +\S+ +\S+ +(\d)", done.stdout, re.M) == ["4", "6", "5"]


def test_the_program_runs_as_in_the_readme(tmp_path):
    for arguments in programs.readme_commands("nbfm_receiver"):
        done = programs.run_example("nbfm_receiver", tmp_path, *arguments)
        assert done.returncode == 0, done.stdout
        assert len(list(tmp_path.glob("*/*.wav"))) == nbfm.M


def test_the_check_can_fail(capsys, band):
    audio, _ = nbfm.receive(band, N, [])
    assert nbfm.check_tones(audio, N, []) == []
    assert len(nbfm.check_tones([audio[1], audio[0], *audio[2:]], N, [])) == 2
    assert len(nbfm.check_tones([audio[0][:-1], *audio[1:]], N, [])) == 1
    assert len(nbfm.check_tones(audio, N, [(N // 2, 3, OFFSETS[4], nbfm.WIDTH)])) == 1
    assert len(nbfm.check_tones([audio[0] * 0, *audio[1:]], N, [])) == 1
    capsys.readouterr()


@pytest.mark.parametrize("text", ["", "1", "0.1:8:0", "0.1:0.5:0", "0.1:0:200", "-1:0:0",
                                  "0.1:0:0:99", "0.1:0:0:1", "0.1:0:0:12:3", "a:b:c"])
def test_a_retuning_that_makes_no_sense_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        nbfm.main([f"--retune={text}"])
    assert "--retune" in capsys.readouterr().err


# ---- the window ----

IN_THE_WINDOW = """
import sys
import numpy as np
from PyQt5 import QtCore
import nbfm_receiver as nbfm, nbfm_receiver_qt as qt

def move_and_wait(window, path, done):
    QtCore.QTimer.singleShot(0, lambda: window.hear(None))  # raises in the slot
    for channel, centre, width in qt.MOVES:
        window.strips[channel].centre.setValue(centre // qt.CENTRE_STEP)
        window.strips[channel].width.setValue(width // qt.WIDTH_STEP)
        window.strips[channel].button.setChecked(True)
    timer = QtCore.QTimer(window)

    def look():
        taps = window.receiver.channel_filter.taps()
        if all(np.array_equal(taps[m], nbfm.band_pass(*tuning)) for m, *tuning in qt.MOVES):
            timer.stop()
            window.grab().save(path)
            print("heard", window.bands.heard, "of", window.receiver.channel_filter.decimation())
            done()

    timer.timeout.connect(look)
    timer.start(10)

qt.take_screenshot = move_and_wait
sys.exit(qt.main(["--tones", "--screenshot", sys.argv[1]]))
"""


def test_sliders_retune_the_running_receiver(tmp_path):
    picture = tmp_path / "window.png"
    done = programs.run_without_screen([sys.executable, "-c", IN_THE_WINDOW, picture], tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"heard 6 of {D}" in done.stdout
    assert done.stdout.count("nbfm_receiver_qt: TypeError: ") == 1, done.stdout
    programs.assert_shows_something(picture)


# ---- in GNU Radio Companion ----

COMPILED = """
import sys
import numpy as np
from PyQt5 import QtCore, QtWidgets
from gnuradio import blocks
import nbfm_receiver as nbfm
from nbfm_receiver_flowgraph import nbfm_receiver_flowgraph

program = QtWidgets.QApplication(sys.argv[:1])
graph = nbfm_receiver_flowgraph()
sinks = [blocks.vector_sink_f() for _ in range(nbfm.M)]
for m, sink in enumerate(sinks):
    graph.connect(getattr(graph, f"receive_{m}"), sink)
start = graph.channel_filter.taps()
graph.start()
graph.resize(1200, 800)
graph.show()
graph.set_centre_0(nbfm.STATIONS[4].offset)  # as its slider does
graph.set_width_3(9000)
graph.set_heard(6)
wanted, got = graph.channel_taps, graph.channel_filter.taps()
same = [np.array_equal(np.array(row, np.complex64), other) for row, other in zip(wanted, start)]
assert same == [m not in (0, 3) for m in range(nbfm.M)], same
assert all(np.array_equal(np.array(row, np.complex64), other) for row, other in zip(wanted, got))
changed = []  # samples that were there when the change was in force

def look():
    if not changed and graph.channel_filter.tap_changes():
        changed.append(len(sinks[0].data()))
    if changed and len(sinks[0].data()) > changed[0] + 24000:
        timer.stop()
        graph.stop()
        graph.wait()
        graph.grab().save("window.png")
        program.quit()

timer = QtCore.QTimer()
timer.timeout.connect(look)
timer.start(50)
program.exec()
for m, sink in enumerate(sinks):
    print("tone", m, *nbfm.measure_tone(np.array(sink.data()[-12000:])))
"""


@pytest.mark.skipif(not shutil.which("grcc"), reason="no grcc")
def test_the_flowgraph_is_retuned_by_its_sliders(tmp_path):
    done = programs.run(["grcc", "-o", tmp_path, programs.EXAMPLES / "nbfm_receiver.grc"],
                        tmp_path, GRC_BLOCKS_PATH=str(programs.ROOT / "grc"), HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout
    (tmp_path / "compiled.py").write_text(COMPILED)
    done = programs.run_without_screen([sys.executable, "compiled.py"], tmp_path)
    assert done.returncode == 0, done.stdout
    heard = [(float(tone), float(ratio)) for tone, ratio in
             re.findall(r"^tone \d (\S+) (\S+)$", done.stdout, re.M)]
    stations = [4, *range(1, nbfm.M)]
    assert len(heard) == nbfm.M, done.stdout
    assert all(abs(tone - nbfm.STATIONS[k].tone) < 5 for (tone, _), k in zip(heard, stations)), done.stdout
    assert min(ratio for _, ratio in heard) > 15
    programs.assert_shows_something(tmp_path / "window.png")
