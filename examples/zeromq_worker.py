#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters some channels of a receiver that lives on another machine.

It pulls the signals of its channels from zeromq_front.py over ZeroMQ, filters them in one
multichannel_fft_filter block and pushes them back. Workers and front start in any order. A worker
serves one stream, until Ctrl-C: a ZeroMQ source never ends.

How the channels travel: one PUSH and one PULL socket for the whole group, whose items are vectors
with one sample of every channel, so that the channels cannot slip against each other and every
message holds whole vectors. PUSH waits for a slow receiver (PUB would drop samples) and keeps the
order; but it deals its messages out in turn to all who pull: one worker at each address.
Interleaving costs two copies, of which a core does more than a network carries.

The end: the filter keeps the last samples until its hop is full. Whoever sends a stream that ends
sends P - 1 + hop zeros after it, P being the number of taps, and takes the first n + P - 1 samples.
"""

import argparse
import signal
import sys

import numpy as np
from gnuradio import blocks, gr, oaconv, zeromq
from gnuradio.filter import firdes

HOP = 1024  # samples; what a worker holds back at most
POLL = 100  # ms after which a socket looks whether the flowgraph is to stop
WAITING = 16  # messages that may wait at each end of a connection; more would be latency


def channel_range(text):
    """Channels as in a slice, "4:8" is 4 to 7."""
    first, end = text.split(":") if text.count(":") == 1 else ("", "")
    if not (first.isdecimal() and end.isdecimal() and int(first) < int(end)):
        raise ValueError(f"{text}: not channels such as 0:4")
    return range(int(first), int(end))


def demo_taps(channel):
    """A band-pass of its own for every channel, for want of a file: complex64 [P]."""
    low = 0.23 * channel % 0.9 - 0.5  # the rate is 1
    return np.array(firdes.complex_band_pass(1, 1, low, low + 0.1, 0.01 + 0.01 * (channel % 4)),
                    np.complex64)


def read_taps(path, channels):
    """The rows of these channels, from an .npy file with a row for every channel of the receiver.

    Shorter filters end in zeros there.
    """
    if path is None:
        return [demo_taps(m) for m in channels]
    taps = np.load(path)
    if taps.ndim != 2 or len(taps) < channels.stop:
        raise ValueError(f"{path}: need a row of taps for each channel up to {channels.stop - 1}, "
                         f"not an array of shape {taps.shape}")
    return list(taps[channels.start:channels.stop])


def connection(make, n_channels, address):
    """A ZeroMQ block, made by `make`, for vectors with one sample of every channel."""
    try:
        return make(gr.sizeof_gr_complex, n_channels, address, POLL, False, WAITING)
    except RuntimeError as error:  # ZeroMQ does not say which address
        raise ValueError(f"{address}: {error}") from error


def push(graph, ports, address):
    """Sends the streams of these ports, [(block, port)], to whoever pulls from this address."""
    together = blocks.streams_to_vector(gr.sizeof_gr_complex, len(ports))
    for k, port in enumerate(ports):
        graph.connect(port, (together, k))
    graph.connect(together, connection(zeromq.push_sink, len(ports), address))


def pull(n_channels, address):
    """A source of vectors, from whoever pushes them at this address."""
    return connection(zeromq.pull_source, n_channels, address)


def worker_graph(taps, hop, pull_from, push_to):
    """The flowgraph, and its filter."""
    n_channels = len(taps)
    graph = gr.top_block("Worker")
    make = (oaconv.multichannel_fft_filter_ccc if np.iscomplexobj(taps[0])
            else oaconv.multichannel_fft_filter_ccf)
    filters = make(taps, hop=hop)
    apart = blocks.vector_to_streams(gr.sizeof_gr_complex, n_channels)
    graph.connect(pull(n_channels, pull_from), apart)
    for k in range(n_channels):
        graph.connect((apart, k), (filters, k))
    push(graph, [(filters, k) for k in range(n_channels)], push_to)
    return graph, filters


def let_signals_interrupt():
    """Has SIGTERM raise KeyboardInterrupt, as Ctrl-C does; and SIGINT where a shell ignored it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def run(graph, started):
    """Runs the graph and prints a line once it does; False when it ends without Ctrl-C."""
    let_signals_interrupt()
    graph.handle_sigint = False  # else wait() would not tell
    try:
        graph.start()
        print(started, flush=True)
        graph.wait()
    except KeyboardInterrupt:
        graph.stop()
        graph.wait()
        return True
    return False


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("channels", metavar="FIRST:END",
                        help="its channels, as the front names them: 0:4 is 0 to 3")
    parser.add_argument("pull_from", metavar="FROM",
                        help="where the front pushes them, e.g. tcp://front:5550")
    parser.add_argument("push_to", metavar="TO",
                        help="where the front may pull the results, e.g. tcp://*:5560")
    parser.add_argument("--taps", metavar="FILE.npy",
                        help="a row for every channel of the receiver, real or complex "
                             "(default: some band-passes)")
    parser.add_argument("--hop", type=int, default=HOP,
                        help="samples filtered at a time; fewer are held back in a slow stream, "
                             "more are faster (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        taps = read_taps(options.taps, channel_range(options.channels))
        graph, filters = worker_graph(taps, options.hop, options.pull_from, options.push_to)
    except (OSError, ValueError) as error:
        print(f"zeromq_worker: {error}", file=sys.stderr)
        return 1
    if not run(graph, f"zeromq_worker: filters channels {options.channels} with "
                      f"{filters.backend()}, hop {filters.hop()}, until Ctrl-C"):
        print("zeromq_worker: the flowgraph has ended, its log says why", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
