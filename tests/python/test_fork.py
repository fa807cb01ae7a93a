# SPDX-License-Identifier: GPL-3.0-or-later
"""A flowgraph made before os.fork() runs in the child: to the same samples, though the threads that
its block had are the parent's."""
import os
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
