# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals, graphs that cannot hang a test, and the double-precision oracle of all Python tests."""
import collections
import itertools
import threading
import time
import zlib

import numpy as np
import pmt
import scipy.signal
from gnuradio import blocks, gr, oaconv

KINDS = ("fff", "ccf", "ccc")  # signal, output, taps: f is real, c is complex
GRAPH_TIMEOUT = 60  # seconds: against hangs, on a busy machine
EPS = float(np.finfo(np.float32).eps)
ERROR_FACTOR = 0.5  # c of the bound c * eps * log2(N) * ||h||_1 * max|x|; volk needs 0.12

FAST = ("simd", "volk")  # what "auto" may take

cannot_stop = []  # graphs that were still running after tb.stop()


# ---- data ----


def seeded(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def normal(rng, letter, n):
    """n random samples of type f or c, in single precision."""
    if letter == "f":
        return rng.standard_normal(n).astype(np.float32)
    return (rng.standard_normal(n) + 1j * rng.standard_normal(n)).astype(np.complex64)


def signal(rng, kind, n):
    return normal(rng, kind[0], n)


def row(rng, kind, n_taps):
    return normal(rng, kind[2], n_taps)


def signals(rng, kind, n_channels, n):
    return [signal(rng, kind, n) for _ in range(n_channels)]


def rows(rng, kind, lengths):
    return [row(rng, kind, n) for n in lengths]


def dtype(kind):
    return np.float32 if kind[0] == "f" else np.complex64


def item_size(kind):
    return np.dtype(dtype(kind)).itemsize


# ---- blocks ----


def make(kind, taps, **keywords):
    return getattr(oaconv, "multichannel_fft_filter_" + kind)(taps, **keywords)


def source(kind, x, tags=()):
    make_source = blocks.vector_source_f if kind[0] == "f" else blocks.vector_source_c
    return make_source(x, False, 1, list(tags))


def sink(kind):
    return blocks.vector_sink_f() if kind[0] == "f" else blocks.vector_sink_c()


def throttle(kind, rate):
    return blocks.throttle(item_size(kind), rate)


def head(kind, n):
    return blocks.head(item_size(kind), n)


def copy(kind):
    return blocks.copy(item_size(kind))


def received(kind, sinks):
    return [np.array(s.data(), dtype=dtype(kind)) for s in sinks]


class Gate(gr.sync_block):
    """A source that delivers what it is fed, when it is fed, and ends when it is closed."""

    def __init__(self, kind):
        gr.sync_block.__init__(self, "gate", in_sig=None, out_sig=[dtype(kind)])
        self.condition = threading.Condition()
        self.waiting = collections.deque()
        self.tags = []
        self.closed = self.paused = False

    def pause(self):
        """Lets the scheduler have its thread until the next feed(): lock() and unlock() need it."""
        with self.condition:
            self.paused = True
            self.condition.notify()

    def feed(self, x, tags=()):
        """tags: [(offset in the whole stream, key, pmt value)], on samples to come"""
        with self.condition:
            self.paused = False
            self.tags.extend(tags)
            if len(x):
                self.waiting.append(x)
            self.condition.notify()

    def close(self):
        with self.condition:
            self.closed = True
            self.condition.notify()

    def work(self, input_items, output_items):
        out = output_items[0]
        with self.condition:
            self.condition.wait_for(lambda: self.waiting or self.closed or self.paused,
                                    2 * GRAPH_TIMEOUT)
            if not self.waiting:
                return 0 if self.paused and not self.closed else -1
            x = self.waiting.popleft()
            if len(x) > len(out):
                self.waiting.appendleft(x[len(out):])
        n, first = min(len(x), len(out)), self.nitems_written(0)
        out[:n] = x[:n]
        for offset, key, value in self.tags:
            if first <= offset < first + n:
                self.add_item_tag(0, offset, pmt.intern(key), value)
        return n


# ---- running ----


def within(seconds, what, call, *arguments):
    """call(*arguments) in a thread of its own; fails when it takes longer than that."""
    answer = []

    def work():
        try:
            answer.append((call(*arguments), None))
        except BaseException as error:  # handed to the caller
            answer.append((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise AssertionError(f"{what} has not come back after {seconds} s")
    value, error = answer[0]
    if error:
        raise error
    return value


def abort(tb, gates=()):
    for gate in gates:
        gate.close()
    try:
        within(GRAPH_TIMEOUT, "tb.stop()", tb.stop)
        within(GRAPH_TIMEOUT, "tb.wait() after tb.stop()", tb.wait)
    except AssertionError:
        cannot_stop.append(tb)


def start(tb):
    try:
        within(GRAPH_TIMEOUT, "tb.start()", tb.start)
    except AssertionError:
        cannot_stop.append(tb)
        raise


def wait(tb, timeout=GRAPH_TIMEOUT, gates=()):
    try:
        within(timeout, "the flowgraph", tb.wait)
    except AssertionError:
        abort(tb, gates)
        raise


def run(tb, timeout=GRAPH_TIMEOUT):
    """tb.run() that fails instead of hanging."""
    start(tb)
    wait(tb, timeout)


class Running:
    """Starts a graph for the body of a `with`, which closes the gates; whatever happens in there,
    the graph has ended afterwards."""

    def __init__(self, tb, gates=(), timeout=GRAPH_TIMEOUT):
        self.tb, self.gates, self.timeout = tb, gates, timeout

    def __enter__(self):
        start(self.tb)
        return self

    def __exit__(self, error_type, error, traceback):
        if error_type:
            abort(self.tb, self.gates)
        else:
            wait(self.tb, self.timeout, self.gates)


def until(condition, what, seconds=GRAPH_TIMEOUT):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.001)


def until_quiet(block, still=0.05):
    """Waits until the block has written nothing for that long; returns what it has written."""
    n, since = block.nitems_written(0), time.monotonic()
    while time.monotonic() < since + still:
        time.sleep(0.002)
        if block.nitems_written(0) != n:
            n, since = block.nitems_written(0), time.monotonic()
    return n


def connect_all(tb, kind, block, sources):
    """sources -> the ports of block -> vector sinks, which are returned."""
    sinks = [sink(kind) for _ in sources]
    for m, (s, k) in enumerate(zip(sources, sinks)):
        tb.connect(s, (block, m))
        tb.connect((block, m), k)
    return sinks


def followed(tb, end, block):
    """Connects a block behind the end of a chain, and returns the new end."""
    tb.connect(end, block)
    return block


def run_graph(kind, streams, taps, rate=None, source_max=None, block_max=None, block=None,
              timeout=GRAPH_TIMEOUT, **keywords):
    """Filters one stream per port in a graph of its own; returns the outputs as arrays.

    rate      samples per second of a throttle at every port; None: as fast as it goes
    *_max     max_noutput_items of the sources, of the block
    block     a block that exists already; else one is made of taps and keywords"""
    tb = gr.top_block()
    if block is None:
        block = make(kind, taps, n_channels=len(streams), **keywords)
    if block_max:
        block.set_max_noutput_items(block_max)
    ends = []
    for x in streams:
        end = source(kind, x)
        if source_max:
            end.set_max_noutput_items(source_max)
        if rate:
            end = followed(tb, end, throttle(kind, rate))
        ends.append(end)
    sinks = connect_all(tb, kind, block, ends)
    run(tb, timeout)
    return received(kind, sinks)


# ---- what should have come out ----


def full(x, h):
    """The whole convolution, in double precision."""
    wide = np.complex128 if np.iscomplexobj(x) or np.iscomplexobj(h) else np.float64
    x, h = np.asarray(x, wide), np.asarray(h, wide)
    if len(x) == 0:
        return np.zeros(0, wide)
    return np.convolve(x, h) if min(len(x), len(h)) < 100 else scipy.signal.fftconvolve(x, h)


def oracle(x, pieces, n):
    """The first n samples of x filtered with taps that change.
    pieces   [(first sample, taps in force from there on), ...]"""
    out = np.zeros(n, np.complex128 if any(map(np.iscomplexobj, [x, pieces[0][1]])) else float)
    ends = [first for first, _ in pieces[1:]] + [len(x)]
    for (first, h), end in zip(pieces, ends):
        y = full(x[first:end], h)[:max(n - first, 0)]
        out[first:first + len(y)] += y
    return out


def flushed_length(n, pieces_of_channels):
    """Samples per port with flush: whatever taps were in force for a sample ring out."""
    length = n
    for pieces in pieces_of_channels:
        ends = [first for first, _ in pieces[1:]] + [n]
        for i, ((first, h), end) in enumerate(zip(pieces, ends)):
            if end > first or i == len(pieces) - 1:
                length = max(length, end + len(h) - 1)
    return length


def tolerance(x, *taps, n_fft=1 << 13):
    largest = float(np.max(np.abs(x))) if len(x) else 0.0
    norm = max(float(np.sum(np.abs(h))) for h in taps)
    return ERROR_FACTOR * EPS * np.log2(max(n_fft, 16)) * norm * largest + 1e-30


def assert_lengths(got, n):
    """Lengths before values: comparing what is there would accept an empty output."""
    assert [len(y) for y in got] == [n] * len(got)


def assert_close(got, want, limit, where=""):
    assert len(got) == len(want), f"{where}: {len(got)} samples, not {len(want)}"
    if len(got):
        error = np.abs(got - want)
        worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
        assert error[worst] <= limit, (
            f"{where}: sample {worst} of {len(got)} is {got[worst]}, not {want[worst]}; "
            f"off by {error[worst]:.3g}, allowed {limit:.3g}")


def assert_filtered(got, streams, taps, flush=False, where="", decimation=1):
    """Every port carries its stream, cut to the shortest, filtered by its row, complete."""
    n = min(map(len, streams))
    if len(taps) == 1:
        taps = list(taps) * len(streams)
    n_out = n + max(map(len, taps)) - 1 if flush else n
    assert [len(y) for y in got] == [-(-n_out // decimation)] * len(streams), where
    for m, (y, x, h) in enumerate(zip(got, streams, taps)):
        want = oracle(x[:n], [(0, h)], n_out)[::decimation]
        assert_close(y, want, tolerance(x, h), f"{where} channel {m}")


def assert_same_bits(got, want, where=""):
    assert len(got) == len(want)
    for m, (a, b) in enumerate(zip(got, want)):
        assert len(a) == len(b), f"{where} channel {m}: {len(a)} samples, not {len(b)}"
        differ = np.nonzero(a.view(np.uint8) != b.view(np.uint8))[0]
        assert len(differ) == 0, (
            f"{where} channel {m}: first difference at sample {differ[0] // a.itemsize}")


def last_line(stdout):
    """What a child process has printed last; GNU Radio's log comes before it."""
    return stdout.splitlines()[-1] if stdout else ""


def warnings(capfd):
    """Lines of the log that warn, since the last call."""
    out, err = capfd.readouterr()
    return [line for line in (out + err).splitlines() if ":warning:" in line]


# ---- tags ----


def tag(offset, key, value):
    """value: a number, or any pmt"""
    t = gr.tag_t()
    t.offset, t.key = int(offset), pmt.intern(key)
    t.value = value if isinstance(value, pmt.pmt_base) else pmt.from_long(int(value))
    return t


def uniform(taps):
    """A row as a uniform vector of its own precision."""
    taps = np.asarray(taps)
    init = {"f": pmt.init_f32vector, "d": pmt.init_f64vector, "F": pmt.init_c32vector,
            "D": pmt.init_c64vector}[taps.dtype.char]
    return init(len(taps), taps.tolist())


def run_tagged(kind, streams, tags, block, above_max=None, block_max=None, rate=None):
    """Runs one stream per port with its tags, [(offset, key, value), ...]; returns the sinks.
    above_max, block_max   max_noutput_items of what lies before the block, of the block"""
    tb = gr.top_block()
    if block_max:
        block.set_max_noutput_items(block_max)
    ends = []
    for x, of_channel in zip(streams, tags):
        end = source(kind, x, [tag(*t) for t in of_channel])
        if above_max:  # not of the source: with tags it wants to give all at once
            between = copy(kind)
            between.set_max_noutput_items(above_max)
            end = followed(tb, end, between)
        if rate:
            end = followed(tb, end, throttle(kind, rate))
        ends.append(end)
    sinks = connect_all(tb, kind, block, ends)
    run(tb)
    return sinks


def tags_of(sink, but=("taps",)):
    """[(offset, key, value)] in order, without the keys in `but`."""
    found = [(t.offset, pmt.symbol_to_string(t.key), pmt.to_python(t.value)) for t in sink.tags()]
    return sorted(t for t in found if t[1] not in but)


def changes_of(sink):
    """[(offset, count)] of the block's own tag, in order."""
    return [(t.offset, pmt.to_python(t.value)) for t in sink.tags()
            if pmt.symbol_to_string(t.key) == "taps"]


def destination(tag, starts, ends, hop, decimation):
    """Where a tag (offset n, key, value) comes out: on round(n / D), but no sample of an earlier hop, and none behind
    the last that comes out at an end, of the stream or by a flush; a flush stays with the last one it lets out.
    starts, ends   borders of pieces; [(sample in, samples out until then), ...]"""
    n, key, _ = tag
    start = max(s for s in starts if s <= n)
    first = -(-(start + (n - start) // hop * hop) // decimation)
    nearest = n // decimation if key == "flush" else (2 * n + decimation) // (2 * decimation)
    last = min(end for end in ends if end[0] > n)[1] - 1
    return max(first, min(nearest, last))


def borders(hop, n_hops=3):
    """Lengths around the borders of the first hops."""
    near = {0, 1, 2} | {k * hop + d for k, d in itertools.product(range(1, n_hops + 1), (-1, 0, 1))}
    return sorted(n for n in near if n >= 0)
