# SPDX-License-Identifier: GPL-3.0-or-later
"""What a block tells while it runs: status messages and performance counters."""
import json
import os
import subprocess
import sys

import pmt
import pytest
from gnuradio import blocks, gr

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
STATUS = pmt.intern("status")
KEYS = {"backend", "reason", "fft_size", "hop", "samples", "tap_changes", "last_tap_change",
        "gpu_calls", "gpu_losses", "threads", "decimation"}


def ask(block, debug):
    """Requests the status; returns the answer as a dict."""
    n = debug.num_messages()
    block.to_basic_block()._post(STATUS, pmt.PMT_NIL)
    h.until(lambda: debug.num_messages() == n + 1, "the answer")
    return pmt.to_python(debug.get_message(n))


def getters(block):
    return {"backend": block.backend(), "reason": block.backend_reason(),
            "fft_size": block.fft_size(), "hop": block.hop(), "threads": block.threads(),
            "tap_changes": block.tap_changes(), "last_tap_change": block.last_tap_change(),
            "gpu_calls": block.gpu_calls()}


@KIND
@pytest.mark.parametrize("most", [None, 100])
def test_the_status_is_told_on_request(most, kind, rng):
    streams, taps = h.signals(rng, kind, 2, 9011), h.rows(rng, kind, [65, 10])
    block, debug, tb = h.make(kind, taps, hop=500), blocks.message_debug(), gr.top_block()
    if most:
        block.set_max_noutput_items(most)
    tb.msg_connect(block, "status", debug, "store")
    gates = [h.Gate(kind), h.Gate(kind)]
    h.connect_all(tb, kind, block, gates)
    with h.Running(tb, gates):
        status = ask(block, debug)
        assert set(status) == KEYS
        assert (status["samples"], status["tap_changes"], status["gpu_losses"]) == (0, 0, 0)
        assert (status["decimation"], status["hop"]) == (1, 500)
        for gate, x in zip(gates, streams):
            gate.feed(x[:3200], [(3100, "taps", h.uniform(taps[0]))])
        h.until(lambda: block.nitems_written(1) == 3100, "samples up to the tag")
        status = ask(block, debug)
        assert status["samples"] == 3100
        assert (status["tap_changes"], status["last_tap_change"]) == (1, 3100)
        assert getters(block).items() <= status.items()
        for gate in gates:
            gate.close()


def test_a_request_while_stopped_is_answered_at_the_next_start(rng):
    block, debug, tb = h.make("fff", [[1, 2]]), blocks.message_debug(), gr.top_block()
    tb.msg_connect(block, "status", debug, "store")
    h.connect_all(tb, "fff", block, [h.source("fff", h.signal(rng, "fff", 5000))])
    block.to_basic_block()._post(STATUS, pmt.PMT_T)
    assert debug.num_messages() == 0
    h.run(tb)
    assert debug.num_messages() == 1
    assert pmt.to_python(debug.get_message(0))["samples"] == 0


def test_nobody_need_listen(rng):
    block = h.make("fff", [[1, 2]])
    for _ in range(3):
        block.to_basic_block()._post(STATUS, pmt.PMT_NIL)
    x = h.signal(rng, "fff", 5000)
    h.assert_filtered(h.run_graph("fff", [x], None, block=block), [x], [[1, 2]])


COUNTERS = """
import json
import numpy as np
from gnuradio import blocks, gr, oaconv

block = oaconv.multichannel_fft_filter_ccc([np.ones(65)], n_channels=2)
tb, n = gr.top_block(), 10**6
for m in range(2):
    tb.connect(blocks.null_source(8), blocks.head(8, n), (block, m), blocks.null_sink(8))
tb.run()
print(json.dumps({"nproduced": block.pc_nproduced_avg(), "noutput": block.pc_noutput_items_avg(),
                  "work": block.pc_work_time_avg(), "total": block.pc_work_time_total(),
                  "hop": block.hop(), "full": block.pc_input_buffers_full_avg()}))
"""


def test_performance_counters():
    """They need the preference of GNU Radio, which is read once in a process."""
    result = subprocess.run([sys.executable, "-c", COUNTERS], timeout=60, capture_output=True, text=True,
                            env=dict(os.environ, GR_CONF_PERFCOUNTERS_ON="True"))
    assert result.returncode == 0, result.stderr
    counted = json.loads(h.last_line(result.stdout))
    assert 0 < counted["nproduced"] <= counted["noutput"] <= 10**6
    assert 0 < counted["work"] <= counted["total"]
    assert len(counted["full"]) == 2 and all(0 <= share <= 1 for share in counted["full"])
