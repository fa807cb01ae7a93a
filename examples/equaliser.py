#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A graphic equaliser for four audio channels in one multichannel_fft_filter_fff block.

Every channel has ten bands, an octave apart; their gains make one linear-phase row of taps, which
can be changed while it runs: by set_gains() and glide() (as the sliders of equaliser_qt.py do), or
on given samples, by stream tags. New taps count from one sample to the next, and all bands louder
at once are a click; so a change goes in STEPS steps.

This program is the equaliser without a window. Without files it equalises test tones, changes some
gains on the way and measures what has become of them; with files it writes them equalised.

Shapes: M = 4 channels, n samples in, n + P - 1 out, P taps in every row; what goes in comes out
DELAY samples later. Gains are in dB.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np
import pmt
from gnuradio import blocks, gr, oaconv
from scipy import interpolate, signal
from scipy.io import wavfile

import eight_channel_receiver as voices

RATE = 48000
M = 4
BANDS = 31.25 * 2.0 ** np.arange(10)  # centres, Hz
MOST = 12  # dB, up and down
P = 4095
DELAY = (P - 1) // 2
GRID = np.linspace(0, RATE / 2, 4 * (P + 1) + 1)  # frequencies that firwin2 is told gains for
PERIOD = round(RATE / BANDS[0])  # of all test tones together, samples
TEST_SECONDS = 2.0
STEPS, SPACING = 32, 48  # of a change, and samples between them
TOLERANCE = 0.5  # dB, between what sliders say and what is measured

PRESETS = {
    "flat": (0,) * 10,
    "bass": (9, 8, 6, 3, 0, 0, 0, 0, 0, 0),
    "treble": (0, 0, 0, 0, 0, 0, 3, 6, 8, 9),
    "smile": (8, 6, 3, 0, -3, -3, 0, 3, 6, 8),
    "voice": (-12, -9, -4, 0, 2, 4, 5, 3, -2, -8),
    "telephone": (-12, -12, -12, -6, 0, 3, 3, -6, -12, -12),
}
START = ("flat", "bass", "voice", "smile")
# What the program does when it is told nothing: (seconds, channel, gains).
SCRIPT = ((1.0, 0, PRESETS["telephone"]), (1.0, 2, PRESETS["treble"]))


class EqualiserError(Exception):
    """Something the user has to know about; the message says what."""


# ---- taps ----

# The response of symmetric taps at the bands, without their delay: COSINES @ taps.
COSINES = np.cos(2 * np.pi / RATE * np.outer(BANDS, np.arange(P) - DELAY))


def design(gains):
    """Linear-phase taps float32 [P] with these gains, dB [10], at the bands.

    Between the bands the gain follows a curve over the logarithm of frequency. A window smears
    steep curves; so the wish is raised by what is missing until the bands are right.
    """
    octaves = np.log2(np.clip(GRID, BANDS[0], BANDS[-1]))
    wish = np.array(gains, float)
    for _ in range(10):
        curve = interpolate.PchipInterpolator(np.log2(BANDS), wish)(octaves)
        taps = signal.firwin2(P, GRID, 10 ** (curve / 20), fs=RATE, window=("kaiser", 2.5))
        missing = gains - 20 * np.log10(np.maximum(np.abs(COSINES @ taps), 1e-6))
        if np.max(np.abs(missing)) < 0.02:
            break
        wish += missing
    return taps.astype(np.float32)


def fade(old, new):
    """STEPS rows from the taps old to the taps new, which is the last."""
    return [((STEPS - k) * old + k * new) / np.float32(STEPS) for k in range(1, STEPS)] + [new]


def changes_of(channel, gains, script):
    """What a script, [(sample, channel, gains)], does to a channel that starts with these gains:
    [(sample, row of taps), ...]"""
    changes, row, ready = [], design(gains), 0
    for sample, _, new in sorted(c for c in script if c[1] == channel):
        if sample < ready:
            raise EqualiserError(f"channel {channel}: changes less than {STEPS * SPACING} samples "
                                 "apart")
        changes += [(sample + k * SPACING, step) for k, step in enumerate(fade(row, design(new)))]
        row, ready = changes[-1][1], sample + STEPS * SPACING
    return changes


def taps_tag(sample, row):
    """The stream tag that brings new taps for the channel it is on, from this sample on."""
    tag = gr.tag_t()
    tag.offset, tag.key = sample, pmt.intern("taps")
    tag.value = pmt.init_f32vector(P, row.tolist())
    return tag


# ---- the equaliser ----


class Equaliser(gr.top_block):
    """M sources in, of RATE; ends to connect to: (equaliser.filter, m). gains is dB [M][10]."""

    def __init__(self, sources, gains, **arguments):
        gr.top_block.__init__(self, "Equaliser")
        self.filter = oaconv.multichannel_fft_filter_fff([design(row) for row in gains],
                                                         **arguments)
        for m, source in enumerate(sources):
            self.connect(source, (self.filter, m))

        self.rows = [design(row) for row in gains]  # in force, or about to be
        self.fades = {}  # by channel: the rows that still lie before it

    def set_gains(self, channel, gains):
        """Asks for other gains of a channel, while it runs; glide() brings them."""
        self.fades[channel] = fade(self.rows[channel], design(gains))

    def glide(self):
        """One step of every change that is under way; whether there was one. For the thread that
        calls set_gains(): the taps are prepared there, and the flowgraph goes on meanwhile."""
        moving = [channel for channel, rows in self.fades.items() if rows]
        for channel in moving:
            row = self.fades[channel].pop(0)
            self.filter.set_channel_taps(channel, row)
            self.rows[channel] = row
        return bool(moving)


# ---- without a window ----


def equalise(signals, gains, script=()):
    """M rows float [n] -> float32 [M, n + P - 1]. script: [(sample, channel, gains)]"""
    sources = [blocks.vector_source_f(x, False, 1, [taps_tag(*change) for change in
                                                    changes_of(m, gains[m], script)])
               for m, x in enumerate(signals)]
    graph = Equaliser(sources, gains, flush=True)
    sinks = [blocks.vector_sink_f() for _ in signals]
    for m, sink in enumerate(sinks):
        graph.connect((graph.filter, m), sink)
    graph.run()
    return [np.array(sink.data(), np.float32) for sink in sinks], graph.filter


def tones(seconds=TEST_SECONDS):
    """Sines at the centres of all bands, of other phases in every channel: float [M, n]."""
    phases = np.random.default_rng(1).uniform(0, 2 * np.pi, (M, len(BANDS), 1))
    t = np.arange(round(seconds * RATE)) / RATE
    return (0.1 * np.cos(2 * np.pi * BANDS[:, None] * t + phases)).sum(axis=1)


def measure_gains(received, sent, first, end):
    """Gains at the bands, dB [10], from what came out for the samples first to end of what was
    sent: as many whole periods of the tones as there are after a change, once the taps are full."""
    begin = first + STEPS * SPACING + P
    periods = (end - begin) // PERIOD
    t = np.arange(begin, begin + periods * PERIOD)
    probe = np.exp(-2j * np.pi / RATE * np.outer(BANDS, t))
    return 20 * np.log10(np.abs(probe @ received[t]) / np.abs(probe @ sent[t]) + 1e-6)


def check_gains(received, sent, gains, script):
    """Prints measured gains, channel by channel and piece by piece; returns what is wrong."""
    wrong, n = [], len(sent[0])
    print("ch  from s    to s  band Hz " + "".join(f"{band:8.0f}" for band in BANDS))
    for m, y in enumerate(received):
        if len(y) != n + P - 1:
            wrong.append(f"channel {m}: {len(y)} samples, expected {n + P - 1}")
            continue
        changes = [(0, gains[m])] + [(at, new) for at, channel, new in script if channel == m]
        ends = [at for at, _ in changes[1:]] + [n]
        for (first, wanted), end in zip(changes, ends):
            if end - first < STEPS * SPACING + P + PERIOD:
                continue  # too short to tell
            measured = measure_gains(y, sent[m], first, end)
            print(f"{m:2d} {first / RATE:7.3f} {end / RATE:7.3f}  set      "
                  + "".join(f"{gain:8.2f}" for gain in wanted))
            print(" " * 19 + "measured " + "".join(f"{gain:8.2f}" for gain in measured))
            error = np.max(np.abs(measured - wanted))
            if not error <= TOLERANCE:
                wrong.append(f"channel {m} from {first / RATE:.3f} s: off by {error:.2f} dB")
    return wrong


def read_files(paths):
    """M mono WAV files of RATE, padded with silence to the longest: float [M, n]. The ports of the
    filter run in lockstep: the shortest input would end all."""
    signals = [voices.read_mono(path, RATE) for path in paths]
    longest = max(map(len, signals))
    return np.array([np.pad(x, (0, longest - len(x))) for x in signals])


def gains_of(text):
    """A preset, or ten gains with commas between."""
    gains = PRESETS.get(text) or tuple(float(part) for part in text.split(","))
    if len(gains) != len(BANDS) or not all(abs(gain) <= MOST for gain in gains):
        raise argparse.ArgumentTypeError(
            f"{text}: want {len(BANDS)} gains from -{MOST} to {MOST} dB, or one of "
            + ", ".join(PRESETS))
    return gains


def channel_of(text):
    if int(text) not in range(M):
        raise argparse.ArgumentTypeError(f"channels are 0 to {M - 1}, not {text}")
    return int(text)


def start_of(text):
    """CHANNEL:GAINS of the command line."""
    channel, gains = text.split(":")
    return channel_of(channel), gains_of(gains)


def change_of(text):
    """SECONDS:CHANNEL:GAINS of the command line."""
    seconds, channel, gains = text.split(":")
    if not 0 <= float(seconds) < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: no change at {seconds} seconds")
    return round(float(seconds) * RATE), channel_of(channel), gains_of(gains)


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="*", metavar="WAV",
                        help=f"{M} mono files of {RATE} Hz (default: test tones, and a check)")
    parser.add_argument("--gains", action="append", type=start_of, metavar="CH:GAINS", default=[],
                        help=f"of channel CH at the start: {len(BANDS)} gains in dB with commas "
                             f"between, or one of {', '.join(PRESETS)} (defaults: "
                             f"{', '.join(START)})")
    parser.add_argument("--change", action="append", type=change_of, metavar="S:CH:GAINS",
                        help="new gains at S seconds for channel CH; as often as wanted (default, "
                             "with test tones: two)")
    parser.add_argument("--out", metavar="DIR", help="folder for the equalised WAV files, in float")
    options = parser.parse_args(arguments)
    gains = [PRESETS[name] for name in START]
    for channel, wanted in options.gains:
        gains[channel] = wanted
    script = options.change or []
    if not options.change and not options.files:
        script = [(round(seconds * RATE), *rest) for seconds, *rest in SCRIPT]
    script.sort(key=lambda change: change[0])
    names = [Path(path).name for path in options.files] or [f"tones_{m}.wav" for m in range(M)]
    try:
        if len(set(names)) != M:
            raise EqualiserError(f"want {M} files of different names, or none")
        sent = read_files(options.files) if options.files else tones()
        received, taken = equalise(sent, gains, script)
        if options.out:
            Path(options.out).mkdir(parents=True, exist_ok=True)
            for name, y in zip(names, received):
                wavfile.write(Path(options.out) / name, RATE, y)
    except (EqualiserError, voices.ReceiverError, OSError, ValueError) as error:
        print(f"equaliser: {error}", file=sys.stderr)
        return 1
    print(f"{M} channels of {P} taps, {len(sent[0])} samples in, {len(received[0])} out, delay "
          f"{DELAY}, backend {taken.backend()}, {taken.tap_changes()} changes of taps")
    wrong = [] if options.files else check_gains(received, sent, gains, script)
    for line in wrong:
        print(f"equaliser: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
