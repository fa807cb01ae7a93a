#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""An eight-channel FM voice receiver around one multichannel_fft_filter_ccc block.

Eight voice recordings are frequency-modulated onto eight complex streams, each at its own offset
and with its own width, beside a much stronger neighbour and in noise. One block with eight
different channel filters selects them; ordinary GNU Radio blocks demodulate them into eight WAV
files. The filtered streams are checked, sample for sample, against a convolution in double
precision. The same receiver as a flowgraph: eight_channel_receiver.grc.

Shapes: M = 8 channels, n samples per channel at RATE, P[m] taps of channel m, P the most of them.
Frequencies are in Hz.
"""

import argparse
import math
import os
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gnuradio import analog, blocks, filter as gr_filter, gr, oaconv
from gnuradio.filter import firdes
from scipy import signal
from scipy.io import wavfile

AUDIO_RATE = 48000
UPSAMPLING = 4
RATE = AUDIO_RATE * UPSAMPLING  # of the complex streams
AUDIO_BAND = 5000  # speech is kept up to here
SHORTEST = 9600  # samples of a recording that can be used
AUDIO_PEAK = 0.5  # of full scale; every recording is brought to it
FADE = 960  # samples at RATE in which the signals come up and go; else the filters would ring
NOISE_DB = -26.0  # over the whole RATE, against the wanted signal
SQUELCH_DB = -10.0  # power below which the receivers are silent; the wanted signals have 0 dB
STOP_DB = 70.0  # stop-band attenuation asked of the channel filters
ERROR_FACTOR = 1.0  # c in the bound c * eps * log2(N) * ||h||_1 * max|x|


@dataclass(frozen=True)
class Channel:
    """Where one wanted signal lies, and what lies beside it.

    offset        centre frequency within the stream, Hz
    deviation     frequency deviation of a full-scale recording, Hz
    guard         gap to the neighbour, and the transition width of the channel filter, Hz
    side          +1: the neighbour is above, -1: below
    neighbour_db  power of the neighbour against the wanted signal
    """

    offset: float
    deviation: float
    guard: float
    side: int
    neighbour_db: float

    @property
    def width(self):
        """Occupied bandwidth by Carson's rule, Hz."""
        return 2 * (AUDIO_PEAK * self.deviation + AUDIO_BAND)


# The neighbour of channel m carries the signal of channel m + 1.
CHANNELS = (
    Channel(-50e3, 10e3, 2.0e3, +1, 20),
    Channel(+35e3, 16e3, 3.0e3, -1, 15),
    Channel(-62e3, 12e3, 4.0e3, +1, 25),
    Channel(+20e3, 24e3, 5.0e3, +1, 20),
    Channel(-28e3, 14e3, 2.5e3, -1, 15),
    Channel(+58e3, 20e3, 6.0e3, -1, 25),
    Channel(-8e3, 30e3, 3.5e3, -1, 20),
    Channel(+70e3, 8e3, 1.5e3, -1, 30),
)
M = len(CHANNELS)


class ReceiverError(Exception):
    """Something the user has to know about; the message says what."""


def find_recordings(folder=None):
    """The paths of M recordings: in folder, or where Debian's alsa-utils puts them."""
    if folder is None:
        data = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        roots = [*data.split(":"), "/usr/local/share", "/usr/share"]
        folders = [Path(root) / "sounds" / "alsa" for root in roots if root]
    else:
        folders = [Path(folder)]
    for place in folders:
        paths = [p for p in sorted(place.glob("*.wav")) if p.name != "Noise.wav"]
        if len(paths) >= M:
            return paths[:M]
    places = ", ".join(str(place) for place in dict.fromkeys(folders))
    raise ReceiverError(f"need {M} WAV recordings, found fewer in {places} "
                        "(Debian: apt install alsa-utils; or use --recordings DIR)")


def read_mono(path, rate=AUDIO_RATE):
    """A mono file of this rate as float64 [n], full scale 1; integers of 8 bit are unsigned."""
    try:
        found, samples = wavfile.read(path)
    except (ValueError, ArithmeticError, UnboundLocalError, struct.error) as error:
        raise ReceiverError(f"{path}: cannot be read as WAV: {error}") from error
    if (found, samples.ndim) != (rate, 1):
        raise ReceiverError(f"{path}: want {rate} Hz, mono, not {found} Hz, {samples.shape}")
    if not len(samples) or not np.isfinite(samples).all():
        raise ReceiverError(f"{path}: no samples, or some that are NaN or infinite")
    full = 1 if samples.dtype.kind == "f" else 2.0 ** (8 * samples.dtype.itemsize - 1)
    return (samples.astype(float) - (128 if samples.dtype == np.uint8 else 0)) / full


def read_recording(path):
    """One recording as float64 [samples] at AUDIO_RATE with a peak of AUDIO_PEAK."""
    audio = read_mono(path)
    if not audio.any():
        raise ReceiverError(f"{path}: is silent")
    return audio * (AUDIO_PEAK / np.abs(audio).max())


def read_speech(paths, samples=None):
    """All recordings, zero-padded to the longest (or cut to samples): float64 [M, samples].

    The ports of the filter run in lockstep, so the shortest input would end all of them.
    """
    recordings = [read_recording(path)[:samples] for path in paths]
    speech = np.zeros((len(recordings), max(map(len, recordings))))
    for row, recording in zip(speech, recordings):
        row[:len(recording)] = recording
    return speech


def audio_taps():
    """Low-pass for speech at RATE, float [odd]."""
    return firdes.low_pass(1.0, RATE, AUDIO_BAND + 750, 1500)


def upsample(speech):
    """Speech at RATE, band-limited, without delay: [M, samples] -> [M, samples * UPSAMPLING]."""
    return signal.resample_poly(speech, UPSAMPLING, 1, axis=1, window=np.array(audio_taps()))


def modulate(audio, deviation):
    """Frequency modulation around 0 Hz with amplitude 1: float [n] -> complex128 [n]."""
    return np.exp(2j * np.pi * deviation / RATE * np.cumsum(audio))


def shift(x, frequency):
    """Moves a complex stream [n] up by frequency, Hz."""
    return x * np.exp(2j * np.pi * frequency / RATE * np.arange(len(x)))


def envelope(n):
    """Raised-cosine ramps at both ends of n samples: float [n]."""
    ramp = np.minimum(np.arange(n) + 0.5, FADE) / FADE
    return (0.5 - 0.5 * np.cos(np.pi * ramp)) * (0.5 - 0.5 * np.cos(np.pi * ramp[::-1]))


def make_streams(audio, seed):
    """What eight antennas hear: the wanted signals, and all that disturbs them.

    audio is float [M, n] at RATE; returns wanted and disturbance, complex128 [M, n] each.
    """
    rng = np.random.default_rng(seed)
    voices = [modulate(row, channel.deviation) for row, channel in zip(audio, CHANNELS)]
    wanted = np.empty(audio.shape, complex)
    disturbance = np.empty(audio.shape, complex)
    for m, channel in enumerate(CHANNELS):
        other = (m + 1) % M
        spacing = (channel.width + CHANNELS[other].width) / 2 + channel.guard
        neighbour = shift(voices[other], channel.offset + channel.side * spacing)
        noise = rng.standard_normal((2, audio.shape[1])) * math.sqrt(10 ** (NOISE_DB / 10) / 2)
        wanted[m] = shift(voices[m], channel.offset)
        disturbance[m] = 10 ** (channel.neighbour_db / 20) * neighbour + noise[0] + 1j * noise[1]
    ramps = envelope(audio.shape[1])
    return wanted * ramps, disturbance * ramps


def channel_taps():
    """Eight different band-passes, not symmetric around 0 Hz: M rows of complex64 [P[m]]."""
    rows = []
    for channel in CHANNELS:
        half = (channel.width + channel.guard) / 2  # to the middle of the transition
        rows.append(firdes.complex_band_pass_2(1.0, RATE, channel.offset - half,
                                               channel.offset + half, channel.guard, STOP_DB))
    return [np.array(row, np.complex64) for row in rows]


class FmVoice(gr.hier_block2):
    """Demodulates one FM signal at an offset: complex at RATE in, float at AUDIO_RATE out."""

    def __init__(self, channel):
        gr.hier_block2.__init__(self, "FM voice", gr.io_signature(1, 1, gr.sizeof_gr_complex),
                                gr.io_signature(1, 1, gr.sizeof_float))
        to_zero = blocks.rotator_cc(-2 * math.pi * channel.offset / RATE)
        squelch = analog.pwr_squelch_cc(SQUELCH_DB, 0.02, 0, False)
        demod = analog.quadrature_demod_cf(RATE / (2 * math.pi * channel.deviation))
        low_pass = gr_filter.fir_filter_fff(UPSAMPLING, audio_taps())
        self.connect(self, to_zero, squelch, demod, low_pass, self)


def demodulate(streams):
    """Demodulates M streams as they are: complex64 [M][n] -> float32 [M][n // UPSAMPLING]."""
    graph = gr.top_block("Demodulator")
    sinks = [blocks.vector_sink_f() for _ in streams]
    for stream, channel, sink in zip(streams, CHANNELS, sinks):
        graph.connect(blocks.vector_source_c(stream), FmVoice(channel), sink)
    graph.run()
    return [np.array(sink.data(), np.float32) for sink in sinks]


def receive(streams, channel_filter, wav_paths):
    """The receiver: filters M streams in one block, demodulates them and writes WAV files.

    streams is complex64 [M, n]; returns the filtered streams, M arrays of complex64 [n + P - 1].
    """
    graph = gr.top_block("Eight-channel receiver")
    sinks = [blocks.vector_sink_c() for _ in streams]
    for m, channel in enumerate(CHANNELS):
        wav = blocks.wavfile_sink(str(wav_paths[m]), 1, AUDIO_RATE, blocks.FORMAT_WAV,
                                  blocks.FORMAT_PCM_16)
        graph.connect(blocks.vector_source_c(streams[m]), (channel_filter, m))
        graph.connect((channel_filter, m), sinks[m])
        graph.connect((channel_filter, m), FmVoice(channel), wav)
    graph.run()
    return [np.array(sink.data(), np.complex64) for sink in sinks]


def pad(x, length):
    """x [n] followed by zeros: [length]."""
    return np.concatenate([x, np.zeros(length - len(x))])


def check_filtered(filtered, streams, taps, fft_size):
    """Compares M filtered streams with a convolution in double precision, lengths first.

    streams is complex64 [M, n], taps M rows of complex64 [P[m]], and filtered must be M arrays of
    [n + P - 1]. Returns the largest error of each channel as a fraction of what single precision
    allows, c * eps * log2(N) * ||h||_1 * max|x|, N being the FFT size; raises ReceiverError where
    it is above 1.
    """
    fractions = []
    length = len(streams[0]) + max(map(len, taps)) - 1
    for m, (y, x, h) in enumerate(zip(filtered, streams, taps, strict=True)):
        if len(y) != length:
            raise ReceiverError(f"channel {m}: {len(y)} filtered samples, expected {length}")
        error = np.abs(y - pad(np.convolve(x.astype(complex), h.astype(complex)), length))
        bound = (ERROR_FACTOR * np.finfo(np.float32).eps * math.log2(max(fft_size, 2))
                 * np.abs(h).sum() * np.abs(x).max())
        if not np.all(error <= bound):  # NaN fails as well
            where = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
            raise ReceiverError(f"channel {m}: sample {where} of {length} is off by "
                                f"{error[where]:.3g}, more than {bound:.3g}")
        fractions.append(error.max() / bound)
    return fractions


def decibels(wanted, unwanted):
    """Power of wanted against unwanted."""
    return 10 * math.log10(np.mean(np.abs(wanted) ** 2) / np.mean(np.abs(unwanted) ** 2))


def stream_snr(filtered, wanted, disturbance, taps):
    """SNR of each stream before and after the filter, dB: a list of M pairs.

    What is left of the wanted signal behind the filter is computed in double precision; all else
    that the block delivered counts as noise, its rounding errors included.
    """
    pairs = []
    for y, w, d, h in zip(filtered, wanted, disturbance, taps):
        kept = pad(np.convolve(w, h.astype(complex)), len(y))
        pairs.append((decibels(w, d), decibels(kept, y - kept)))
    return pairs


def audio_snr(received, audio, delay):
    """SNR of received speech against the speech sent, at the best volume, dB.

    received is float [k] at AUDIO_RATE, audio is float [n] at RATE, as sent; delay is that of the
    channel filter in samples at RATE.
    """
    sent = np.convolve(np.concatenate([np.zeros(delay), audio]), audio_taps())[::UPSAMPLING]
    sent = pad(sent[:len(received)], len(received))
    volume = np.dot(sent, received) / np.dot(sent, sent)
    return decibels(volume * sent, received - volume * sent)


def print_table(rows):
    """Prints the rows, dicts with the values of the columns."""
    print("                           SNR of stream, dB  SNR of speech, dB      samples\n"
          "ch  recording        taps   before    after    before    after        in       out")
    for row in rows:
        print("{channel:2d}  {recording:15.15s} {taps:5d} {before:8.1f} {after:8.1f}  "
              "{speech_before:8.1f} {speech_after:8.1f}  {n_in:8d}  {n_out:8d}".format(**row))


def spectrum(x):
    """Power spectral density of a complex stream: frequencies in kHz and dB per bin, sorted."""
    f, power = signal.welch(x, RATE, nperseg=1024, return_onesided=False, detrend=False,
                            scaling="spectrum")
    return np.fft.fftshift(f) / 1e3, 10 * np.log10(np.fft.fftshift(power) + 1e-20)


def draw_spectra(path, streams, filtered, taps, rows):
    """One PNG with the spectrum of each channel before and after the filter."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, M // 2, figsize=(14, 6), sharex=True, sharey=True)
    for m, panel in enumerate(panels.flat):
        panel.plot(*spectrum(streams[m]), color="0.6", lw=1.2, label="before")
        panel.plot(*spectrum(filtered[m]), color="tab:blue", lw=1.2, label="after")
        response = 20 * np.log10(np.abs(np.fft.fft(taps[m], 2048)) + 1e-20)
        panel.plot(np.fft.fftshift(np.fft.fftfreq(2048, 1e3 / RATE)), np.fft.fftshift(response),
                   color="tab:orange", lw=0.8, alpha=0.5, label="filter", zorder=1)
        panel.set_title(f"{m}: {rows[m]['recording']}, SNR {rows[m]['before']:.0f} → "
                        f"{rows[m]['after']:.0f} dB", fontsize=10)
        panel.set(xlim=(-RATE / 2e3, RATE / 2e3), ylim=(-100, 40))
        panel.set_xticks(range(-80, 81, 40))
        panel.grid(alpha=0.3)
    for panel in panels[-1]:
        panel.set_xlabel("frequency (kHz)")
    for panel in panels[:, 0]:
        panel.set_ylabel("power per bin, gain (dB)")
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, ncol=3, loc="lower center", frameon=False)
    figure.suptitle("Eight streams, eight filters, one multichannel_fft_filter_ccc block")
    figure.tight_layout(rect=(0, 0.04, 1, 1))
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def run(out, recordings=None, backend="auto", samples=None, seed=1):
    """Runs the whole receiver, writes its files into out and returns the rows of the table."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = find_recordings(recordings)
    audio = upsample(read_speech(paths, samples))
    wanted, disturbance = make_streams(audio, seed)
    streams = (wanted + disturbance).astype(np.complex64)
    taps = channel_taps()

    channel_filter = oaconv.multichannel_fft_filter_ccc(taps, backend=backend, flush=True)
    wav_paths = [out / f"{m}_{path.stem}.wav" for m, path in enumerate(paths)]
    filtered = receive(streams, channel_filter, wav_paths)
    print(f"backend {channel_filter.backend()} ({channel_filter.backend_reason()}), "
          f"FFT size {channel_filter.fft_size()}, {M} streams of {RATE / 1e3:.0f} kHz")
    fractions = check_filtered(filtered, streams, taps, channel_filter.fft_size())

    rows = []
    unfiltered = demodulate(streams)
    for m, snr in enumerate(stream_snr(filtered, wanted, disturbance, taps)):
        received = wavfile.read(wav_paths[m])[1] / 32768
        rows.append({
            "channel": m, "recording": paths[m].stem, "taps": len(taps[m]),
            "before": snr[0], "after": snr[1],
            "speech_before": audio_snr(unfiltered[m], audio[m], 0),
            "speech_after": audio_snr(received, audio[m], (len(taps[m]) - 1) // 2),
            "n_in": len(streams[m]), "n_out": len(filtered[m])})
    print_table(rows)
    print(f"all samples equal a convolution in double precision; largest error "
          f"{max(fractions):.2f} of the bound")
    picture = out / "eight_channel_receiver.png"
    draw_spectra(picture, streams, filtered, taps, rows)
    print(f"wrote {M} WAV files and {picture.name} to {out}")
    return rows


def sample_count(text):
    """How much to use of a recording, from the command line; less would be only silence."""
    value = int(text)
    if value < SHORTEST:
        raise argparse.ArgumentTypeError(f"must be at least {SHORTEST}")
    return value


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--out", default="eight_channel_receiver", metavar="DIR",
                        help="folder for the WAV files and the picture (default: %(default)s)")
    parser.add_argument("--recordings", metavar="DIR",
                        help=f"{M} mono WAV files of {AUDIO_RATE} Hz (default: alsa-utils')")
    parser.add_argument("--backend", default="auto", help="of the block (default: %(default)s)")
    parser.add_argument("--samples", type=sample_count, metavar="N",
                        help=f"use only the first N samples of each recording, N >= {SHORTEST}")
    parser.add_argument("--seed", type=int, default=1, help="of the noise (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        run(options.out, options.recordings, options.backend, options.samples, options.seed)
    except (ReceiverError, OSError, ValueError) as error:
        print(f"eight_channel_receiver: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
