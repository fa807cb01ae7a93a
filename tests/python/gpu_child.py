# SPDX-License-Identifier: GPL-3.0-or-later
"""What a child process of test_gpu.py does: gpu_child.py SCENARIO JSON-ARGUMENTS

A process opens one GPU module, and the environment is read when it does. The last line printed is
the scenario's answer, the others are GNU Radio's log, cut into sections by mark()."""
import ctypes
import json
import os
import pathlib
import sys
import threading
import time

import numpy as np
from gnuradio import blocks, gr

import helpers as h

BATCH = 1024  # samples that a call of the GPU usually has
N = 10 * BATCH + 300  # the stream ends in the middle of a batch
LENGTHS = [65, 1, 30]  # of the rows of taps

# Of the calls of CUDA and cuFFT that a stream makes, those that fail, one in a run.
FAILING_CALLS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 25, 60]


def loaded(name):
    """Files in this process whose names have that in them."""
    maps = pathlib.Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    paths = {line.split(maxsplit=5)[5] for line in maps if "/" in line}
    return sorted(path for path in paths if name in pathlib.Path(path).name)


def mark(section):
    """All that was logged before is in the sections before."""
    ctypes.CDLL(None).fflush(None)  # GNU Radio prints as C does
    print("==", section, flush=True)


class Double:
    """The double of CUDA behind the module that is open; tests/fakecuda/fakecuda.h."""

    FAULTS = {"once": ("fakecuda_fail_once", 999), "sticky": ("fakecuda_fail_sticky", 700),
              "late": ("fakecuda_fail_late", 700), "hang": ("fakecuda_hang",)}

    def __init__(self):
        paths = loaded("libfakecuda")
        if not paths:
            print("a real GPU does not fail at will")
            sys.exit(77)
        self.library = ctypes.CDLL(paths[0])
        self.library.fakecuda_calls.restype = ctypes.c_long
        self.library.fakecuda_violations.restype = ctypes.c_long
        self.library.fakecuda_report.restype = ctypes.c_char_p

    def fail(self, fault, k):
        """The k-th call from now on."""
        function, *code = self.FAULTS[fault]
        call = ctypes.c_long(self.library.fakecuda_calls() + k)
        getattr(self.library, function)(call, *code)

    def check(self):
        assert self.library.fakecuda_violations() == 0, self.library.fakecuda_report().decode()

    def renew(self):
        """As if nothing had happened. What a lost GPU held stays where it is."""
        self.check()
        self.library.fakecuda_reset(os.environ.get("FAKECUDA_ORDER", "lazy").encode())


def make(kind, taps, **keywords):
    return h.make(kind, taps, **{"backend": "gpu", "max_batch": BATCH, **keywords})


def data(kind, n=N, lengths=tuple(LENGTHS)):
    rng = h.seeded(f"{kind} {n}")
    return h.signals(rng, kind, len(lengths), n), h.rows(rng, kind, lengths)


def assert_on_gpu(block, had_samples=True):
    assert block.backend() == "cuda", block.backend_reason()
    assert (block.gpu_calls() > 0) == had_samples


def check_double():
    if loaded("libfakecuda"):
        Double().check()


# ---- promises ----


def nothing_is_lost(kind, flush):
    hop = make(kind, data(kind)[1]).hop()
    for n in (0, 1, hop - 1, hop, hop + 1, BATCH - 1, BATCH, 3 * BATCH + 300, N):
        for block_max in (None, 50) if n in (hop + 1, N) else (None,):
            streams, taps = data(kind, n)
            block = make(kind, taps, flush=flush)
            got = h.run_graph(kind, streams, None, block=block, block_max=block_max)
            h.assert_filtered(got, streams, taps, flush, f"n={n}, by {block_max}")
            assert_on_gpu(block, n > 0)
    check_double()


def channels_do_not_touch(kind):
    streams, taps = data(kind)
    clean, bad = [x.copy() for x in streams], 5000
    streams[1][bad] = np.nan
    block = make(kind, taps, flush=True)
    got = h.run_graph(kind, streams, None, block=block)
    assert_on_gpu(block)
    reach = block.fft_size() + len(taps[1])
    h.assert_lengths(got, N + max(LENGTHS) - 1)
    for m, (y, x) in enumerate(zip(got, clean)):
        want, limit = h.oracle(x, [(0, taps[m])], len(y)), h.tolerance(x, taps[m])
        if m == 1:
            assert np.isnan(y[bad])
            tainted = slice(bad - reach, bad + reach)
            y[tainted] = want[tainted]
        h.assert_close(y, want, limit, f"channel {m}")
    check_double()


class Fed:
    """A graph with the block between gates and sinks, fed piece by piece."""

    def __init__(self, kind, block, streams):
        self.kind, self.block, self.streams, self.fed = kind, block, streams, 0
        self.tb, self.gates = gr.top_block(), [h.Gate(kind) for _ in streams]
        self.sinks = h.connect_all(self.tb, kind, block, self.gates)

    def feed(self, n):
        """Waits until the block holds back less than a hop of them."""
        for gate, x in zip(self.gates, self.streams):
            gate.feed(x[self.fed:self.fed + n])
        self.fed += n
        h.until(lambda: len(self.sinks[0].data()) > self.fed - self.block.hop(),
                f"what the block gives for {self.fed} samples")
        h.until_quiet(self.block)

    def finish(self):
        for gate, x in zip(self.gates, self.streams):
            gate.feed(x[self.fed:])
            gate.close()

    def unlock(self):
        """Has the graph changed elsewhere, which stops and starts every block."""
        for gate in self.gates:
            gate.pause()
        h.within(h.GRAPH_TIMEOUT, "tb.lock()", self.tb.lock)
        self.tb.connect(blocks.null_source(4), blocks.head(4, 10), blocks.null_sink(4))
        h.within(h.GRAPH_TIMEOUT, "tb.unlock()", self.tb.unlock)


def assert_pieces(run, offsets, sets_of_taps):
    """Every set of taps was in force from its offset on, and rang out."""
    n, got = len(run.streams[0]), h.received(run.kind, run.sinks)
    of_channel = [list(zip([0] + offsets, rows)) for rows in zip(*sets_of_taps)]
    n_out = h.flushed_length(n, of_channel)
    h.assert_lengths(got, n_out)
    for m, (y, x, pieces) in enumerate(zip(got, run.streams, of_channel)):
        limit = 2 * h.tolerance(x, *(row for _, row in pieces))
        h.assert_close(y, h.oracle(x, pieces, n_out), limit, f"channel {m}")
        assert h.changes_of(run.sinks[m]) == [(first, i + 1) for i, first in enumerate(offsets)]


def change_taps(run, taps):
    n_changes = run.block.tap_changes()
    run.block.set_taps(taps)
    run.feed(3000)
    h.until(lambda: run.block.tap_changes() == n_changes + 1, "the change of taps")
    return run.block.last_tap_change()


def taps_belong_to_samples(kind):
    """Longer and shorter rows, each for some batches."""
    streams, taps = data(kind, 20000)
    sets = [taps] + [h.rows(h.seeded(kind), kind, lengths)
                     for lengths in ([65, 7, 2000], [3, 1, 1], [300, 300, 300])]
    run = Fed(kind, make(kind, taps, flush=True), streams)
    with h.Running(run.tb, run.gates):
        run.feed(3000)
        offsets = [change_taps(run, new) for new in sets[1:]]
        assert_on_gpu(run.block)
        run.finish()
    assert_pieces(run, offsets, sets)
    assert_on_gpu(run.block)
    check_double()


# ---- a GPU that is lost ----


class Watch:
    """Asks the getters from another thread during the body of a `with`."""

    def __init__(self, block):
        self.block, self.n_calls, self.backends, self.over = block, [0], set(), False
        self.thread = threading.Thread(target=self.work)

    def work(self):
        while not self.over:
            assert self.block.backend_reason()
            self.backends.add(self.block.backend())
            self.n_calls.append(self.block.gpu_calls())
            time.sleep(1e-4)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        assert self.n_calls == sorted(self.n_calls)
        assert self.backends <= {"cuda", *h.FAST}


def lost(kind, fault):
    """One stream for every call that fails; the backends that came out of it, and their reasons."""
    backends, double = {}, None
    streams, taps = data(kind)
    for k in FAILING_CALLS:
        section = f"{fault} {k}"
        mark(section)
        block = make(kind, taps, flush=True)
        double = double or Double()
        double.fail(fault, k)
        with Watch(block):
            got = h.run_graph(kind, streams, None, block=block)
        h.assert_filtered(got, streams, taps, True, section)
        backends[section] = [block.backend(), block.backend_reason()]
        assert block.fft_size() > 0
        del block
        double.renew()
    return backends


def lost_and_started_again(kind, fault):
    """Three runs of one graph; the first loses the GPU."""
    backends = {}
    streams, taps = data(kind)
    block, tb, double = make(kind, taps, flush=True), gr.top_block(), Double()
    sources = [h.source(kind, x) for x in streams]
    sinks = h.connect_all(tb, kind, block, sources)
    double.fail(fault, 3)
    for section in ("first", "second", "third"):
        mark(section)
        n_calls = block.gpu_calls()
        h.run(tb)
        h.assert_filtered(h.received(kind, sinks), streams, taps, True, section)
        backends[section] = [block.backend(), block.backend_reason(), block.gpu_calls() - n_calls]
        for end in sources:
            end.rewind()
        for sink in sinks:
            sink.reset()
    double.check()
    return backends


def lost_and_unlocked(kind, fault):
    """lock() and unlock() in the middle of a stream, which goes on with all its state."""
    streams, taps = data(kind)
    block = make(kind, taps, flush=True)
    run, double, step, backends = Fed(kind, block, streams), Double(), 4 * block.hop(), {}
    with h.Running(run.tb, run.gates):
        run.feed(step)
        mark("lost")
        double.fail(fault, 3)
        run.feed(step)
        backends["lost"] = block.backend()
        mark("unlocked")
        run.unlock()
        run.feed(step)
        backends["unlocked"] = block.backend()
        run.finish()
    h.assert_filtered(h.received(kind, run.sinks), streams, taps, True)
    double.check()
    return backends


def refusing_new_taps(kind):
    """The GPU fails in the setter, then takes the next taps."""
    streams, taps = data(kind, 20000)
    sets = [taps] + [h.rows(h.seeded(kind), kind, [n, 1, 1]) for n in (400, 10)]
    block = make(kind, taps, flush=True)
    run, double, backends = Fed(kind, block, streams), Double(), {}
    with h.Running(run.tb, run.gates):
        run.feed(3000)
        mark("refused")
        double.fail("once", 10)
        offsets = [change_taps(run, sets[1])]
        backends["refused"] = [block.backend(), block.backend_reason()]
        mark("taken")
        offsets.append(change_taps(run, sets[2]))
        backends["taken"] = [block.backend(), block.backend_reason()]
        run.finish()
    assert_pieces(run, offsets, sets)
    double.check()
    return backends


# ---- choices ----


def choose(kind="fff", **keywords):
    """What becomes of a block with these arguments, and of a stream through it."""
    streams, taps = data(kind)
    try:
        block = h.make(kind, taps, **{"max_batch": BATCH, **keywords})
    except ValueError as error:
        return {"refusal": str(error), "modules": loaded("liboaconv-cuda")}
    got = h.run_graph(kind, streams, None, block=block)
    h.assert_filtered(got, streams, taps)
    return {"backend": block.backend(), "reason": block.backend_reason(),
            "gpu_calls": block.gpu_calls(), "fft_size": block.fft_size(),
            "modules": loaded("liboaconv-cuda")}


def choose_twice(**keywords):
    return [choose(**keywords) for _ in range(2)]


if __name__ == "__main__":
    answer = globals()[sys.argv[1]](**json.loads(sys.argv[2]))
    mark("answer")
    print(json.dumps(answer))
