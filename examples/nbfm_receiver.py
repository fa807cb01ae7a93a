#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Eight narrow-band FM stations out of one wide stream, by one decimating filter block.

The wide stream goes into all eight ports of one multichannel_fft_filter_ccc. Each channel has a
complex band-pass of its own, with its own centre and width, and every DECIMATION-th sample comes
out; a Derotator brings the channels to 0 Hz, stock blocks demodulate them. Channels are retuned
while the receiver runs: by tune() (as the sliders of nbfm_receiver_qt.py do), or on given samples,
by stream tags.

This program is the receiver without a window: it retunes by a script, writes eight WAV files and
checks which station it has heard on which channel, when. The same receiver for GNU Radio Companion:
nbfm_receiver.grc.

Shapes: M = 8 channels, n samples at RATE, ceil(n / DECIMATION) samples at AUDIO_RATE, P taps in
every row. Frequencies are in Hz, from the middle of the wide stream.
"""

import argparse
import math
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pmt
from gnuradio import analog, blocks, filter as gr_filter, gr, oaconv
from gnuradio.filter import firdes
from scipy import signal

import eight_channel_receiver as voices

AUDIO_RATE = 48000
DECIMATION = 8
RATE = AUDIO_RATE * DECIMATION  # of the wide stream
DEVIATION = 2500  # for full-scale audio
TAU = 75e-6  # of pre-emphasis and de-emphasis, seconds
AUDIO_BAND = 3000
TONE_PEAK = 0.5  # of full scale
NOISE_DB = -30  # over the whole RATE, against a station of 0 dB
SQUELCH_DB = -36  # power in a channel below which it is silent
TRANSITION = 2500  # of the band-passes; the same for all, so that all delay alike
STOP_DB = 70
NARROWEST, WIDEST = 6000, 30000  # band-passes that sliders and scripts may ask for
SETTLING = 0.010  # seconds after a change in which no tone is measured


@dataclass(frozen=True)
class Station:
    """offset of the carrier (Hz), tone (Hz), where it sends no voice, and level (dB)."""

    offset: float
    tone: float
    level: float


STATIONS = (
    Station(-162.5e3, 400, 0),
    Station(-131.25e3, 500, -6),
    Station(-93.75e3, 625, -12),
    Station(-50.0e3, 750, -3),
    Station(-12.5e3, 900, -9),
    Station(+37.5e3, 1100, 0),
    Station(+81.25e3, 1300, -20),
    Station(+137.5e3, 1600, -6),
)
NEIGHBOUR = Station(+100e3, 1000, +15)  # 35 dB above station 6, 18.75 kHz beside it
M = len(STATIONS)
WIDTH = 12500.0  # of the band-passes at the start

# What the program does when it is told nothing: (seconds, channel, centre, width).
SCRIPT = (
    (0.30, 0, STATIONS[5].offset, WIDTH),
    (0.40, 3, STATIONS[3].offset, 9000.0),
    (0.50, 7, STATIONS[1].offset, WIDTH),
    (0.50, 1, STATIONS[7].offset, WIDTH),
    (0.60, 0, STATIONS[2].offset, 10000.0),
)


# ---- the wide stream ----


def modulate(audio, station):
    """One station at RATE: float [k] at AUDIO_RATE -> complex128 [k * DECIMATION]. What is sent in
    a loop has no seam: its phase advances by whole turns."""
    b, a = signal.bilinear([TAU, 1], [1 / (2 * math.pi * 20e3), 1], AUDIO_RATE)
    audio = signal.resample_poly(signal.lfilter(b, a, audio), DECIMATION, 1)
    turns = np.cumsum(station.offset + DEVIATION * audio) / RATE
    turns += (round(turns[-1]) - turns[-1]) * np.arange(1, len(turns) + 1) / len(turns)
    return 10 ** (station.level / 20) * np.exp(2j * np.pi * turns)


def tones(seconds=1):
    """Every station its tone, and the neighbour: float [M + 1, seconds * AUDIO_RATE]."""
    t = np.arange(seconds * AUDIO_RATE) / AUDIO_RATE
    return [TONE_PEAK * np.sin(2 * np.pi * station.tone * t) for station in (*STATIONS, NEIGHBOUR)]


def speech(folder=None):
    """Every station a recording, the neighbour a tone: float [M + 1, the longest]."""
    recordings = voices.read_speech(voices.find_recordings(folder))
    t = np.arange(recordings.shape[1]) / AUDIO_RATE
    return [*recordings, TONE_PEAK * np.sin(2 * np.pi * NEIGHBOUR.tone * t)]


def make_band(audio, seed=1):
    """What the antenna hears: complex64 [k * DECIMATION], to be repeated, of float [M + 1, k]."""
    band = sum(map(modulate, audio, (*STATIONS, NEIGHBOUR)))
    noise = np.random.default_rng(seed).standard_normal((2, len(band)))
    band += (noise[0] + 1j * noise[1]) * math.sqrt(10 ** (NOISE_DB / 10) / 2)
    return band.astype(np.complex64)


# ---- the receiver ----


def band_pass(centre, width):
    """The taps of a channel, complex64 [P]; P is odd and depends on neither."""
    half = (width + TRANSITION) / 2  # to the middle of the transition
    low_pass = np.array(firdes.low_pass_2(1, RATE, half, TRANSITION, STOP_DB))
    middle = np.arange(len(low_pass)) - len(low_pass) // 2
    return (low_pass * np.exp(2j * np.pi * centre / RATE * middle)).astype(np.complex64)


def audio_taps():
    return firdes.low_pass(1, AUDIO_RATE, AUDIO_BAND, AUDIO_BAND / 4)


P = len(band_pass(0, WIDTH))
DELAY = (P - 1) / 2 / DECIMATION  # of a band-pass, samples at AUDIO_RATE


def taps_tag(sample, centre, width):
    """The stream tag that retunes the channel it is on, from this sample of the wide stream on."""
    row = band_pass(centre, width)
    tag = gr.tag_t()
    tag.offset, tag.key = sample, pmt.intern("taps")
    tag.value = pmt.init_c32vector(len(row), row.tolist())
    return tag


class AddTags(gr.sync_block):
    """Passes a stream on, with tags added."""

    def __init__(self, tags):
        gr.sync_block.__init__(self, "Add tags", [np.complex64], [np.complex64])
        self.tags = tags

    def work(self, input_items, output_items):
        output_items[0][:] = input_items[0]
        first, n = self.nitems_written(0), len(output_items[0])
        for tag in self.tags:
            if first <= tag.offset < first + n:
                self.add_item_tag(0, tag)
        return n


class Derotator(gr.sync_block):
    """Shifts M channels from their centres to 0 Hz.

    The filter marks where new taps came into force by a tag `taps`, the count of changes;
    centres[count] has the M centres from there on. What crosses over at that sample leaves the
    filters DELAY later, and there the shift changes, without a jump of phase.
    """

    def __init__(self, centres):
        gr.sync_block.__init__(self, "Derotator", [np.complex64] * M, [np.complex64] * M)
        self.set_tag_propagation_policy(gr.TPP_ONE_TO_ONE)
        self.centres = centres
        self.steps = self.turns_per_sample(0)
        self.turns = np.zeros(M)
        self.changes = []  # (sample, count) still to come

    def turns_per_sample(self, count):
        return -np.array(self.centres[count]) / AUDIO_RATE

    def work(self, input_items, output_items):
        first, n, done = self.nitems_read(0), len(output_items[0]), 0
        for tag in self.get_tags_in_window(0, 0, n, pmt.intern("taps")):
            self.changes.append((tag.offset + round(DELAY), pmt.to_python(tag.value)))
        while self.changes and self.changes[0][0] < first + n:
            sample, count = self.changes.pop(0)
            self.shift(input_items, output_items, done, sample - first)
            self.steps, done = self.turns_per_sample(count), sample - first
        self.shift(input_items, output_items, done, n)
        return n

    def shift(self, input_items, output_items, begin, end):
        k = np.arange(end - begin)
        for m in range(M):
            turns = self.turns[m] + self.steps[m] * k
            output_items[m][begin:end] = input_items[m][begin:end] * np.exp(2j * np.pi * turns)
        self.turns = (self.turns + self.steps * len(k)) % 1


class Receiver(gr.top_block):
    """One wide stream into M audio streams.

    source       a block with the wide stream
    tunings      M pairs (centre, width)
    script       [(sample of the wide stream, channel, centre, width)], sample by sample; a receiver
                 with a script is not to be tuned by hand
    Ends to connect to: narrow[m] (complex, at 0 Hz), demodulated[m] and audio[m] (float), all at
    AUDIO_RATE.
    """

    def __init__(self, source, tunings, script=(), **arguments):
        gr.top_block.__init__(self, "NBFM receiver")
        self.tunings = list(tunings)  # as asked for
        self.tuned = list(tunings)  # in force
        self.centres = {0: [centre for centre, _ in tunings]}  # by count of changes
        self.channel_filter = oaconv.multichannel_fft_filter_ccc(
            [band_pass(*tuning) for tuning in tunings], decimation=DECIMATION, **arguments)
        self.derotator = Derotator(self.centres)
        self.adders = []  # a block in Python lives only as long as something refers to it
        self.narrow, self.demodulated, self.audio = [], [], []
        for m in range(M):
            tags = [taps_tag(at, *tuning) for at, channel, *tuning in script if channel == m]
            end = source
            if tags:
                end = AddTags(tags)
                self.adders.append(end)
                self.connect(source, end)
            self.connect(end, (self.channel_filter, m), (self.derotator, m))
            self.demodulate(m)
        self.expect(script)
        self.wanted = {}  # by channel: (centre, width), the newest that was asked for
        self.news = threading.Condition()
        self.tuner = None

    def demodulate(self, m):
        squelch = analog.pwr_squelch_cc(SQUELCH_DB, 0.02, 0, False)
        demod = analog.quadrature_demod_cf(AUDIO_RATE / (2 * math.pi * DEVIATION))
        low_pass = gr_filter.fir_filter_fff(1, audio_taps())
        deemphasis = analog.fm_deemph(AUDIO_RATE, TAU)
        self.connect((self.derotator, m), squelch, demod, deemphasis, low_pass)
        self.narrow.append((self.derotator, m))
        self.demodulated.append(demod)
        self.audio.append(low_pass)

    def expect(self, script):
        """Notes the centres after each change by tag; those of one sample are one change."""
        centres = list(self.centres[0])
        for count, sample in enumerate(sorted({change[0] for change in script}), 1):
            for _, channel, centre, _ in (change for change in script if change[0] == sample):
                centres[channel] = centre
            self.centres[count] = list(centres)

    # ---- by hand, while it runs ----

    def tune(self, channel, centre, width):
        """Asks for a channel to be retuned, and returns at once; of several wishes for one channel
        the newest counts. For any thread."""
        with self.news:
            self.wanted[channel] = centre, width
            self.tunings[channel] = centre, width
            if self.tuner is None:
                self.tuner = threading.Thread(target=self.keep_tuning, daemon=True)
                self.tuner.start()
            self.news.notify()

    def keep_tuning(self):
        """One change after the other: the Derotator has to know the centres of each count, which
        begins when the filter does. A wish that makes no taps is a line; the channel stays."""
        while self.channel_filter.nitems_written(0) == 0:
            time.sleep(0.002)
        while True:
            with self.news:
                self.news.wait_for(lambda: self.wanted)
                channel = next(iter(self.wanted))
                wish = self.wanted.pop(channel)
            tuned = [wish if m == channel else old for m, old in enumerate(self.tuned)]
            count = self.channel_filter.tap_changes() + 1
            self.centres[count] = [centre for centre, _ in tuned]
            try:  # taps are prepared in this thread
                self.channel_filter.set_channel_taps(channel, band_pass(*wish))
            except (IndexError, MemoryError, RuntimeError, ValueError) as error:
                print(f"channel {channel} stays as it was: {error}", file=sys.stderr)
                with self.news:
                    self.tunings[channel] = self.wanted.get(channel, self.tuned[channel])
                continue
            self.tuned = tuned
            while self.channel_filter.tap_changes() < count:
                time.sleep(0.002)


# ---- without a window ----


def receive(band, n, script, out=None):
    """Runs n samples of the band, repeated, through a receiver that is tuned to the M stations
    and follows a script. Returns the audio, M arrays of float32, and the receiver."""
    source, head = blocks.vector_source_c(band, True), blocks.head(gr.sizeof_gr_complex, n)
    receiver = Receiver(head, [(station.offset, WIDTH) for station in STATIONS], script)
    receiver.connect(source, head)
    sinks = [blocks.vector_sink_f() for _ in range(M)]
    for m, sink in enumerate(sinks):
        receiver.connect(receiver.audio[m], sink)
        if out:
            wav = blocks.wavfile_sink(str(Path(out) / f"nbfm_{m}.wav"), 1, AUDIO_RATE,
                                      blocks.FORMAT_WAV, blocks.FORMAT_PCM_16)
            receiver.connect(receiver.audio[m], wav)
    receiver.run()
    return [np.array(sink.data(), np.float32) for sink in sinks], receiver


def measure_tone(audio):
    """The strongest tone in Hz, and its power against all the rest in dB."""
    window = signal.windows.blackmanharris(len(audio))
    power = np.abs(np.fft.rfft((audio - np.mean(audio)) * window)) ** 2 + 1e-30
    peak = int(np.argmax(power))
    near = slice(max(peak - 4, 0), peak + 5)  # the main lobe
    tone = np.dot(np.arange(len(power))[near], power[near]) / power[near].sum()
    rest = max(power.sum() - power[near].sum(), 1e-30)
    return tone * AUDIO_RATE / len(audio), 10 * math.log10(power[near].sum() / rest)


def pieces_of(channel, n, script):
    """[(first, end, centre)] of a channel; first and end are samples at AUDIO_RATE."""
    changes = [(0, STATIONS[channel].offset)]
    changes += [(sample, centre) for sample, m, centre, _ in sorted(script) if m == channel]
    ends = [sample for sample, _ in changes[1:]] + [n]
    return [(math.ceil(first / DECIMATION), math.ceil(min(end, n) / DECIMATION), centre)
            for (first, centre), end in zip(changes, ends) if first < n]


def check_tones(audio, n, script):
    """Prints what was heard on every channel, piece by piece, and returns what is wrong with it."""
    wrong, margin = [], round(SETTLING * AUDIO_RATE)
    print("ch   from s      to s   centre kHz   station   tone Hz   heard Hz   against rest dB")
    for m, samples in enumerate(audio):
        expected = math.ceil(n / DECIMATION)
        if len(samples) != expected:
            wrong.append(f"channel {m}: {len(samples)} samples, expected {expected}")
            continue
        for first, end, centre in pieces_of(m, n, script):
            if end - first < 4 * margin:
                continue  # too short to tell
            heard, ratio = measure_tone(samples[first + margin:end])
            station = min(range(M), key=lambda k: abs(STATIONS[k].offset - centre))
            tone = STATIONS[station].tone
            print(f"{m:2d} {first / AUDIO_RATE:8.3f}  {end / AUDIO_RATE:8.3f}   "
                  f"{centre / 1e3:10.2f}   {station:7d} {tone:9.1f} {heard:10.1f} {ratio:17.1f}")
            if not (abs(heard - tone) < 5 and ratio > 15):
                wrong.append(f"channel {m}: heard {heard:.1f} Hz, {ratio:.1f} dB above the rest, "
                             f"instead of {tone:.1f} Hz")
    return wrong


def retuning(text):
    """SECONDS:CHANNEL:KHZ[:WIDTH_KHZ] of the command line."""
    parts = [float(part) for part in text.split(":")]
    seconds, channel, centre, width = (parts + [WIDTH / 1e3])[:4] if len(parts) > 2 else [-1] * 4
    if not (3 <= len(parts) <= 4 and seconds >= 0 and channel in range(M)
            and abs(centre) < RATE / 2e3 and NARROWEST <= width * 1e3 <= WIDEST):
        raise argparse.ArgumentTypeError(
            f"{text}: want SECONDS:CHANNEL:KHZ[:WIDTH_KHZ], channels 0 to {M - 1}, centres within "
            f"{RATE / 2e3:g} kHz, widths from {NARROWEST / 1e3:g} to {WIDEST / 1e3:g} kHz")
    return seconds, int(channel), centre * 1e3, width * 1e3


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--retune", action="append", type=retuning, metavar="S:CH:KHZ[:WIDTH]",
                        help="at S seconds tune channel CH to KHZ, with that width in kHz; as "
                             "often as wanted (default: a script of five)")
    parser.add_argument("--seconds", type=float, default=1.0, help="default: %(default)s")
    parser.add_argument("--recordings", nargs="?", const="", metavar="DIR",
                        help="stations send recordings, those of alsa-utils or of DIR, which are "
                             "not checked, instead of tones, which are")
    parser.add_argument("--out", metavar="DIR", help="folder for WAV files (default: none)")
    options = parser.parse_args(arguments)
    script = sorted((round(seconds * RATE), *rest) for seconds, *rest in options.retune or SCRIPT)
    n = round(options.seconds * RATE)
    spoken = options.recordings is not None
    try:
        if options.out:
            Path(options.out).mkdir(parents=True, exist_ok=True)
        band = make_band(speech(options.recordings or None) if spoken else tones())
        audio, receiver = receive(band, n, script, options.out)
    except (voices.ReceiverError, OSError, ValueError) as error:
        print(f"nbfm_receiver: {error}", file=sys.stderr)
        return 1
    taken = receiver.channel_filter
    print(f"{M} channels of {P} taps, {RATE / 1e3:g} to {AUDIO_RATE / 1e3:g} kS/s, backend "
          f"{taken.backend()}, {taken.tap_changes()} changes of taps")
    wrong = [] if spoken else check_tones(audio, n, script)
    for line in wrong:
        print(f"nbfm_receiver: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
