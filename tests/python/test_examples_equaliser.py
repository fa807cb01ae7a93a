# SPDX-License-Identifier: GPL-3.0-or-later
"""The equaliser does what its sliders say, band by band, also while they move; it loses nothing
and does not click."""
import re
import sys

import numpy as np
import pmt
import pytest
from gnuradio import blocks
from scipy.io import wavfile

import example_programs as programs  # before what it brings into the path
import equaliser
import helpers as h

P, RATE, MOST = equaliser.P, equaliser.RATE, equaliser.MOST
START = [equaliser.PRESETS[name] for name in equaliser.START]
TELEPHONE, SMILE = equaliser.PRESETS["telephone"], equaliser.PRESETS["smile"]
AT = 50021  # the sample of a change


@pytest.fixture(scope="module")
def sent():
    return equaliser.tones(2.01).astype(np.float32)


def assert_equalised(received, sent, changes, last):
    """Sample by sample, with the changes that every channel has met, [(sample, row), ...] after
    START, and band by band before and after them. last: gains at the end"""
    rows = [[(0, equaliser.design(gains)), *some] for gains, some in zip(START, changes)]
    n, n_out = len(sent[0]), h.flushed_length(len(sent[0]), rows)
    assert n_out == n + P - 1
    h.assert_lengths(received, n_out)
    for m, (y, x, of_channel) in enumerate(zip(received, sent, rows)):
        limit = 4 * h.tolerance(x, *(row for _, row in of_channel), n_fft=1 << 15)
        h.assert_close(y, h.oracle(x, of_channel, n_out), limit, f"channel {m}")
        first, end = (of_channel[1][0], of_channel[-1][0]) if len(of_channel) > 1 else (n, 0)
        measured = [equaliser.measure_gains(y, x, 0, first), equaliser.measure_gains(y, x, end, n)]
        assert np.max(np.abs(measured[0] - START[m])) < equaliser.TOLERANCE
        assert np.max(np.abs(measured[1] - last[m])) < equaliser.TOLERANCE


# ---- taps ----


@pytest.mark.parametrize("gains", [*equaliser.PRESETS.values(), [MOST] * 10, [-MOST] * 10,
                                   [MOST, -MOST] * 5, [-MOST, MOST] * 5,
                                   [-MOST] * 2 + [MOST] * 2 + [-MOST] * 6])
def test_taps_have_the_gains_of_the_sliders(gains):
    taps = equaliser.design(gains)
    assert taps.shape == (P,) and np.allclose(taps, taps[::-1], atol=1e-7)
    response = np.exp(-2j * np.pi / RATE * np.outer(equaliser.BANDS, np.arange(P))) @ taps
    assert np.max(np.abs(20 * np.log10(np.abs(response)) - gains)) < 0.1


def test_any_sliders_make_taps(rng):
    for gains in rng.uniform(-MOST, MOST, (30, 10)):
        taps = equaliser.design(gains).astype(float)
        assert np.max(np.abs(20 * np.log10(np.abs(equaliser.COSINES @ taps)) - gains)) < 0.1


def test_flat_sliders_change_nothing(sent):
    received, _ = equaliser.equalise(sent, [equaliser.PRESETS["flat"]] * 4)
    for y, x in zip(received, sent):
        h.assert_close(y[equaliser.DELAY:equaliser.DELAY + len(x)], x, 1e-5)


# ---- while it runs ----


def test_gains_change_from_the_tagged_sample_on(sent):
    script = [(AT, 0, TELEPHONE), (AT + 7, 3, TELEPHONE)]
    received, taken = equaliser.equalise(sent, START, script)
    changes = [equaliser.changes_of(m, gains, script) for m, gains in enumerate(START)]
    assert list(map(len, changes)) == [equaliser.STEPS, 0, 0, equaliser.STEPS]
    assert [some[0][0] for some in changes if some] == [AT, AT + 7]
    assert taken.tap_changes() == 2 * equaliser.STEPS
    assert taken.last_tap_change() == changes[3][-1][0]
    assert_equalised(received, sent, changes, [TELEPHONE, START[1], START[2], TELEPHONE])


def changed_while_running(sent, rows, change):
    """Runs the equaliser with a change(graph) every 48 samples from AT on, each of which gives
    channel 1 the next of the rows."""
    gates = [h.Gate("fff") for _ in sent]
    graph = equaliser.Equaliser(gates, START, flush=True)
    sinks = [blocks.vector_sink_f() for _ in sent]
    for m, sink in enumerate(sinks):
        graph.connect((graph.filter, m), sink)

    def feed(first, end):
        for gate, x in zip(gates, sent):
            gate.feed(x[first:end], [(end - 1, "flush", pmt.PMT_T)])
        h.until(lambda: graph.filter.nitems_written(0) == end, f"{end} samples")

    with h.Running(graph, gates):
        feed(0, AT)
        for k, row in enumerate(rows):
            change(graph)
            h.until(lambda row=row: np.array_equal(graph.filter.taps()[1], row), "the new taps")
            feed(AT + 48 * k, AT + 48 * (k + 1))
        for gate, x in zip(gates, sent):
            gate.feed(x[AT + 48 * len(rows):])
            gate.close()
    marks = h.changes_of(sinks[0])
    assert marks == [(AT + 48 * k, k + 1) for k in range(len(rows))]
    changes = [[], [(at, row) for (at, _), row in zip(marks, rows)], [], []]
    assert_equalised(h.received("fff", sinks), sent, changes, [START[0], TELEPHONE, *START[2:]])


def test_gains_change_by_hand(sent):
    rows = equaliser.fade(equaliser.design(START[1]), equaliser.design(TELEPHONE))

    def glide(graph):
        if not graph.fades:
            graph.set_gains(1, TELEPHONE)
        assert graph.glide()

    changed_while_running(sent, rows, glide)


def test_gains_change_by_message(sent):
    row = equaliser.design(TELEPHONE)
    message = pmt.cons(pmt.from_long(1), h.uniform(row))
    changed_while_running(
        sent, [row], lambda graph: graph.filter.to_basic_block()._post(pmt.intern("taps"), message))


def test_glide_ends_where_the_sliders_are_and_begins_anew_where_it_is(sent):
    graph = equaliser.Equaliser([blocks.vector_source_f(x) for x in sent], START)
    assert not graph.glide()
    graph.set_gains(2, TELEPHONE)
    for _ in range(7):
        assert graph.glide()
    between = graph.filter.taps()[2]
    graph.set_gains(2, SMILE)
    n = 0
    while graph.glide():
        n += 1
    assert n == equaliser.STEPS
    assert np.array_equal(graph.filter.taps()[2], equaliser.design(SMILE))
    assert not np.array_equal(between, equaliser.design(TELEPHONE))


@pytest.mark.parametrize("old,new", [(12, -12), (-12, 12)])
def test_a_change_does_not_click(old, new):
    """A tone is hardly steeper than where it is loud, though all bands go through 24 dB."""
    x = [np.cos(2 * np.pi * 250 / RATE * np.arange(60000)).astype(np.float32)] * 4
    most, least = 10 ** (12 / 20), 10 ** (-12 / 20)
    step = (most - least) / equaliser.STEPS
    for at in (30000, 30048, 30011):  # on several phases
        (y, *_), _ = equaliser.equalise(x, [[old] * 10] * 4, [(at, 0, [new] * 10)])
        loud = most * 2 * np.pi * 250 / RATE
        assert np.max(np.abs(np.diff(y[P:60000]))) < 1.02 * (loud + step)


# ---- the program ----


def test_the_program_checks_itself(tmp_path):
    done = programs.run_example("equaliser", tmp_path, "--out", "out")
    assert done.returncode == 0, done.stdout
    measured = re.findall(r"measured +(.*)$", done.stdout, re.M)
    wanted = re.findall(r"set +(.*)$", done.stdout, re.M)
    assert len(measured) == len(wanted) == 4 + len(equaliser.SCRIPT)
    difference = np.array([row.split() for row in measured], float) - np.array(
        [row.split() for row in wanted], float)
    assert difference.shape == (6, 10) and np.max(np.abs(difference)) < equaliser.TOLERANCE
    for m in range(4):
        rate, y = wavfile.read(tmp_path / "out" / f"tones_{m}.wav")
        assert (rate, y.shape, y.dtype) == (RATE, (2 * RATE + P - 1,), np.float32)


def test_the_program_equalises_files(tmp_path, rng):
    sent = [(rng.standard_normal(n) * 3000).astype(np.int16) for n in (5000, 12000, 1, 7777)]
    for m, x in enumerate(sent):
        wavfile.write(tmp_path / f"{m}.wav", RATE, x)
    done = programs.run_example(
        "equaliser", tmp_path, "0.wav", "1.wav", "2.wav", "3.wav", "--out", "out",
        "--gains", "1:-12,-3,0,0,0,3,3,3,0,12", "--change", "0.1:1:smile")
    assert done.returncode == 0, done.stdout
    gains = [(-12, -3, 0, 0, 0, 3, 3, 3, 0, 12), SMILE]
    rows = [(0, equaliser.design(gains[0])), *equaliser.changes_of(1, gains[0], [(4800, 1, SMILE)])]
    _, y = wavfile.read(tmp_path / "out" / "1.wav")
    limit = 4 * h.tolerance(sent[1] / 32768, *(row for _, row in rows), n_fft=1 << 15)
    h.assert_close(y, h.oracle(sent[1] / 32768, rows, 12000 + P - 1), limit)


def test_the_program_runs_as_in_the_readme(tmp_path):
    for arguments in programs.readme_commands("equaliser"):
        done = programs.run_example("equaliser", tmp_path, *arguments)
        assert done.returncode == 0, done.stdout
        assert len(list(tmp_path.glob("*/*.wav"))) == equaliser.M


def test_the_check_can_fail(capsys, sent):
    received, _ = equaliser.equalise(sent, START)
    assert equaliser.check_gains(received, sent, START, []) == []
    wrong = [START[0], START[1], START[3], START[2]]
    assert len(equaliser.check_gains(received, sent, wrong, [])) == 2
    shifted = [START[0], [gain + 0.6 for gain in START[1]], *START[2:]]
    assert len(equaliser.check_gains(received, sent, shifted, [])) == 1
    short = [received[0][:-1], *received[1:]]
    assert len(equaliser.check_gains(short, sent, START, [])) == 1
    capsys.readouterr()


@pytest.mark.parametrize("arguments", [
    ["--gains=0:loud"], ["--gains=4:flat"], ["--gains=0:1,2,3"], ["--gains=flat"],
    ["--gains=0:0,0,0,0,0,0,0,0,0,13"], ["--gains=0:nan,0,0,0,0,0,0,0,0,0"],
    ["--change=1:0"], ["--change=-1:0:flat"], ["--change=inf:0:flat"]])
def test_arguments_that_make_no_sense_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        equaliser.main(arguments)
    assert arguments[0].split("=", maxsplit=1)[0] in capsys.readouterr().err


def test_files_that_do_not_fit_are_refused(tmp_path, capsys):
    wavfile.write(tmp_path / "a.wav", 44100, np.zeros(10, np.int16))
    names = [tmp_path / name for name in ("a.wav", "b.wav", "c.wav", "d.wav")]
    assert equaliser.main(list(map(str, names))) == 1
    assert "want 48000 Hz, mono" in capsys.readouterr().err
    assert equaliser.main([str(names[0])]) == 1
    assert "want 4 files" in capsys.readouterr().err


# ---- the window ----

IN_THE_WINDOW = """
import sys
import numpy as np
from PyQt5 import QtCore
import equaliser_qt as qt
import equaliser as eq

def move_and_wait(window, path, done):
    window.wish(1, (0, 0))  # too few gains: raises in the slot of the timer
    QtCore.QTimer.singleShot(100, lambda: move(window, path, done))

def move(window, path, done):
    window.channels[0].sliders[2].setValue(5 * qt.PER_DB)
    window.channels[0].sliders[6].setValue(-8 * qt.PER_DB)
    window.channels[2].show_preset("telephone")
    assert window.channels[0].gains() == (0, 0, 5, 0, 0, 0, -8, 0, 0, 0)
    wanted = [eq.design(channel.gains()) for channel in window.channels]
    timer = QtCore.QTimer(window)

    def measured(m, band):
        return np.interp(eq.BANDS[band], window.meter.frequencies, window.meter.gains()[m])

    def look():
        there = all(map(np.array_equal, window.graph.filter.taps(), wanted))
        heard = [measured(0, 6), measured(1, 0), measured(2, 1), measured(3, 4)]
        if there and np.max(np.abs(np.subtract(heard, [-8, 9, -12, -3]))) < eq.TOLERANCE:
            timer.stop()
            window.grab().save(path)
            print("as the sliders say")
            done()

    timer.timeout.connect(look)
    timer.start(50)

qt.take_screenshot = move_and_wait
sys.exit(qt.main(["--screenshot", sys.argv[1]]))
"""


def test_sliders_equalise_the_running_streams(tmp_path):
    """Until what is measured between inputs and outputs is what the sliders say."""
    pytest.importorskip("pyqtgraph", reason="no pyqtgraph")
    picture = tmp_path / "window.png"
    done = programs.run_without_screen([sys.executable, "-c", IN_THE_WINDOW, picture], tmp_path)
    assert done.returncode == 0, done.stdout
    assert "as the sliders say" in done.stdout
    assert done.stdout.count("equaliser_qt: ValueError: ") == 1, done.stdout
    programs.assert_shows_something(picture)
