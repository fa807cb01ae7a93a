# SPDX-License-Identifier: GPL-3.0-or-later
"""A flowgraph made before os.fork() runs in the child: to the same samples, though the threads that
its block had are the parent's."""
import os
import threading
import time
import warnings

import helpers as h
import pytest
from gnuradio import gr

N = 200_000
LONGEST = 60  # seconds for a child


def status_in_child(work):
    """Exit status of a child that does this; None where it hangs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads and fork
        child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            os.write(2, f"{error}\n".encode())
            os._exit(1)
        os._exit(0)
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


@pytest.mark.parametrize("backend", h.FAST)
@pytest.mark.parametrize("kind", h.KINDS)
def test_a_flowgraph_runs_in_the_child(rng, kind, backend):
    taps = h.rows(rng, kind, [300, 20, 77])
    x = h.signals(rng, kind, 3, N)
    block = h.make(kind, taps, backend=backend, threads=2)
    graph = gr.top_block()
    sinks = h.connect_all(graph, kind, block, [h.source(kind, row) for row in x])

    def run():
        h.run(graph)
        h.assert_filtered(h.received(kind, sinks), x, taps)

    assert status_in_child(run) == 0
    run()


def test_taps_are_set_in_a_child_that_was_forked_while_others_set_them(rng):
    block, ended = h.make("fff", h.rows(rng, "fff", [50])), threading.Event()
    several = [h.rows(rng, "fff", [n]) for n in rng.integers(100, 3000, 20)]

    def others():
        while not ended.is_set():
            for rows in several:
                block.set_taps(rows)

    def set_and_get():
        block.set_taps([[1.0, 2.0]])
        assert block.taps()[0].tolist() == [1, 2]

    thread = threading.Thread(target=others)
    thread.start()
    try:
        assert [status_in_child(set_and_get) for _ in range(20)] == [0] * 20
    finally:
        ended.set()
        thread.join()
