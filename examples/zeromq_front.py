#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the signals of all channels filtered by workers, each of which takes a group of channels.

Every worker is a zeromq_worker.py, which says how the channels travel. This end pushes each group
to its worker, pulls the filtered channels back and checks every sample against a convolution in
double precision. Two workers on this machine, in any order:

    zeromq_worker.py 0:4 tcp://localhost:5550 tcp://*:5560
    zeromq_worker.py 4:7 tcp://localhost:5551 tcp://*:5561
    zeromq_front.py --group 0:4 tcp://*:5550 tcp://localhost:5560 \\
                    --group 4:7 tcp://*:5551 tcp://localhost:5561

Shapes: M channels, n samples each, P taps of the longest row; each channel comes back as the whole
convolution, n + P - 1 samples.
"""

import argparse
import sys
import time
from typing import NamedTuple

import numpy as np
from gnuradio import blocks, gr
from scipy.signal import oaconvolve

import zeromq_worker as worker

POLL = 0.05  # seconds after which it looks whether all samples have come back
ERROR_BOUND = 16 * np.finfo(np.float32).eps  # times ||h||_1 * max|x|: FFTs up to 2^16 points


class Group(NamedTuple):
    """The channels of one worker, the address it pulls them from and the one it pushes to."""

    channels: range
    push_to: str
    pull_from: str


def read_groups(words):
    """The groups of the command line, which must take all channels from 0 on in order."""
    groups = [Group(worker.channel_range(channels), *addresses) for channels, *addresses in words]
    end = 0
    for group in groups:
        if group.channels.start != end:
            raise ValueError(f"a group begins with channel {group.channels.start}, not {end}")
        end = group.channels.stop
    return groups


def read_signals(path, n_channels, n_samples):
    """Complex64 [M, n] from an .npy file, or for want of one noise."""
    if path is None:
        rng = np.random.default_rng(1)
        parts = rng.standard_normal((n_channels, max(n_samples, 0), 2), np.float32)
        signals = parts.view(np.complex64)[..., 0]
    else:
        signals = np.load(path)
    if signals.ndim != 2 or len(signals) != n_channels or not signals.size:
        raise ValueError(f"{path or 'noise'}: need {n_channels} rows of samples, not an array of "
                         f"shape {signals.shape}")
    return signals.astype(np.complex64)


def front_graph(groups, signals, n_silent, n_out):
    """The flowgraph, and a sink for every channel.

    n_silent zeros follow every signal, to drive the last samples out of the workers; n_out samples
    of every channel are taken.
    """
    graph, sinks = gr.top_block("Front"), []
    silence = np.zeros(n_silent, np.complex64)
    for group in groups:
        sources = [blocks.vector_source_c(np.concatenate([signals[m], silence]))
                   for m in group.channels]
        worker.push(graph, [(source, 0) for source in sources], group.push_to)

        n_channels = len(group.channels)
        enough = blocks.head(gr.sizeof_gr_complex * n_channels, n_out)
        apart = blocks.vector_to_streams(gr.sizeof_gr_complex, n_channels)
        graph.connect(worker.pull(n_channels, group.pull_from), enough, apart)
        for k in range(n_channels):
            sinks.append(blocks.vector_sink_c())
            graph.connect((apart, k), sinks[-1])
    return graph, sinks


def check(filtered, signals, taps, n_out):
    """Compares M filtered channels with a convolution in double precision, lengths first.

    Returns the largest error as a fraction of the bound; raises ValueError where it is above 1.
    """
    largest = 0
    for m, (y, x, h) in enumerate(zip(filtered, signals, taps, strict=True)):
        if len(y) != n_out:
            raise ValueError(f"channel {m}: {len(y)} filtered samples, not {n_out}")
        want = np.zeros(n_out, complex)
        want[:len(x) + len(h) - 1] = oaconvolve(x.astype(complex), h.astype(complex))
        error = np.abs(y - want) / (ERROR_BOUND * np.abs(h).sum() * np.abs(x).max() + 1e-30)
        if not np.all(error <= 1):  # NaN fails as well
            where = int(np.argmax(~(error <= 1)))
            raise ValueError(f"channel {m}: sample {where} of {n_out} is {y[where]:.6g}, "
                             f"not {want[where]:.6g}")
        largest = max(largest, error.max())
    return largest


def run(graph, sinks, n_out, started):
    """Runs the graph until every sink has n_out samples; False when it was interrupted before.

    It would not end by itself: a ZeroMQ source waits for more even where nobody wants any.
    """
    worker.let_signals_interrupt()
    try:
        graph.start()
        print(started, flush=True)
        while any(sink.nitems_read(0) < n_out for sink in sinks):
            time.sleep(POLL)
        return True
    except KeyboardInterrupt:
        return False
    finally:
        graph.stop()
        graph.wait()


def filter_signals(options):
    """Does what the options say; returns the exit status."""
    groups = read_groups(options.group)
    n_channels = groups[-1].channels.stop
    signals = read_signals(options.signals, n_channels, options.samples)
    taps = worker.read_taps(options.taps, range(n_channels))
    n_extra = max(map(len, taps)) - 1
    n_out = signals.shape[1] + n_extra
    graph, sinks = front_graph(groups, signals, n_extra + options.hop, n_out)
    started = (f"zeromq_front: sends {n_channels} channels of {signals.shape[1]} samples in "
               f"{len(groups)} groups")
    if not run(graph, sinks, n_out, started):
        for group in groups:
            n_back = sinks[group.channels.start].nitems_read(0)
            print(f"zeromq_front: interrupted; {n_back} of {n_out} samples had come back from "
                  f"{group.pull_from}", file=sys.stderr)
        return 130
    filtered = [np.array(sink.data(), np.complex64) for sink in sinks]
    largest = check(filtered, signals, taps, n_out)
    if options.out:
        np.save(options.out, filtered)
    print(f"zeromq_front: {n_out} samples of every channel equal a convolution in double "
          f"precision; largest error {largest:.2f} of the bound")
    return 0


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--group", action="append", nargs=3, required=True,
                        metavar=("FIRST:END", "TO", "FROM"),
                        help="channels of one worker, where it may pull them, e.g. tcp://*:5550, "
                             "where it pushes them, e.g. tcp://worker:5560; once for each worker")
    parser.add_argument("--signals", metavar="FILE.npy",
                        help="a row for every channel (default: noise)")
    parser.add_argument("--samples", type=int, default=1000000, metavar="N",
                        help="of the noise (default: %(default)s)")
    parser.add_argument("--taps", metavar="FILE.npy", help="the workers' (default: theirs, too)")
    parser.add_argument("--hop", type=int, default=worker.HOP,
                        help="the longest of the workers (default: %(default)s, theirs, too)")
    parser.add_argument("--out", metavar="FILE.npy", help="for the filtered channels, as rows")
    options = parser.parse_args(arguments)
    try:
        return filter_signals(options)
    except (OSError, ValueError) as error:
        print(f"zeromq_front: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
