# SPDX-License-Identifier: GPL-3.0-or-later
"""Batches are large at full speed and small when samples trickle in; neither shows in the samples."""
import os
import pathlib

import pytest
from gnuradio import gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)


@KIND
def test_batching_does_not_show(kind, rng):
    streams = h.signals(rng, kind, 3, 50000)
    taps = h.rows(rng, kind, [65, 3, 300])
    want = h.run_graph(kind, streams, taps, block=h.make(kind, taps, flush=True))
    hop = h.make(kind, taps).hop()
    for keywords in ({"max_latency": 0}, {"max_latency": 10}, {"max_batch": 0},
                     {"max_batch": hop - 1}, {"max_batch": hop + 1}, {"max_batch": 65536},
                     {"threads": 1}, {"threads": 2}, {"max_batch": 100, "max_latency": 1e-6}):
        got = h.run_graph(kind, streams, taps, block=h.make(kind, taps, flush=True, **keywords))
        h.assert_same_bits(got, want, str(keywords))


@pytest.mark.parametrize("latency", [0, 0.010, 0.3])
def test_only_less_than_a_hop_stays_while_an_input_is_silent(latency, rng):
    kind, taps = "ccc", h.rows(rng, "ccc", [65, 65])
    block = h.make(kind, taps, max_latency=latency)
    hop = block.hop()
    streams = h.signals(rng, kind, 2, 300 * hop + 100)
    gates = [h.Gate(kind) for _ in streams]
    tb = gr.top_block()
    sinks = h.connect_all(tb, kind, block, gates)
    fed = 0
    with h.Running(tb, gates):
        for n in (200 * hop, hop, 1, hop, hop - 1, 40 * hop):  # at full speed, then in trickles
            for gate, x in zip(gates, streams):
                gate.feed(x[fed:fed + n])
            fed += n
            h.until(lambda: block.nitems_written(0) == fed // hop * hop, f"{fed} samples fed")
        for gate, x in zip(gates, streams):
            gate.feed(x[fed:])
            gate.close()
    h.assert_filtered(h.received(kind, sinks), streams, taps)


@pytest.mark.parametrize("m,max_batch", [(1, 16384), (64, 65536), (512, 65536), (1000, 16384)])
def test_buffers_stay_within_256_mb(m, max_batch, rng):
    block = h.make("ccc", h.rows(rng, "ccc", [64]), n_channels=m, max_batch=max_batch)
    in_and_out, halves = 2, 2
    assert in_and_out * halves * block.output_multiple() * 8 * m <= 256 << 20
    largest = min(max_batch, (256 << 20) // (in_and_out * halves * 8 * m))
    assert block.output_multiple() == largest // block.hop() * block.hop()


def test_wrong_limits_are_refused():
    for keywords, word in (({"threads": -1}, "threads"), ({"max_latency": -0.1}, "max_latency"),
                           ({"max_latency": float("nan")}, "max_latency"),
                           ({"max_latency": 1e9}, "max_latency"), ({"max_batch": -1}, "max_batch")):
        with pytest.raises(ValueError, match=word):
            h.make("fff", [[1.0]], **keywords)


def cores_of_workers():
    """The cores that the block's own threads may run on, a string for each thread, by its number."""
    cores = {}
    for task in pathlib.Path("/proc/self/task").iterdir():
        try:
            name, status = (task / "comm").read_text(), (task / "status").read_text()
        except OSError:  # another thread has just ended
            continue
        if name.strip() == "oaconv worker":
            cores[task.name] = status.split("Cpus_allowed_list:")[1].split()[0]
    return cores


def test_workers_follow_the_affinity_of_the_block(rng):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("one core only")
    kind, m = "ccc", 16
    taps = h.rows(rng, kind, [64] * m)
    block = h.make(kind, taps)
    assert block.threads() == min(len(cores), m)
    gates = [h.Gate(kind) for _ in range(m)]
    streams = h.signals(rng, kind, m, 1 << 16)
    tb = gr.top_block()
    h.connect_all(tb, kind, block, gates)

    def filter_all():
        for gate, x in zip(gates, streams):
            gate.feed(x)
        return list(cores_of_workers().values())

    with h.Running(tb, gates):
        for core in cores[:2]:
            block.set_processor_affinity([core])
            h.until(lambda: filter_all() == [str(core)] * (block.threads() - 1),
                    f"all workers on core {core}")
        for gate in gates:
            gate.close()


def test_one_channel_has_no_workers(rng):
    before = cores_of_workers()
    block = h.make("ccc", h.rows(rng, "ccc", [64]))
    assert block.threads() == 1
    assert not cores_of_workers().keys() - before.keys()


def test_unused_threads_go_with_the_block(rng):
    before = cores_of_workers()
    block = h.make("ccc", h.rows(rng, "ccc", [64] * 4))
    new = cores_of_workers().keys() - before.keys()
    assert len(new) == block.threads() - 1
    del block
    h.until(lambda: not cores_of_workers().keys() & new, "the end of the threads")
