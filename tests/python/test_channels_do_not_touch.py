# SPDX-License-Identifier: GPL-3.0-or-later
"""A NaN, an overload or a silence in one port changes no bit of another."""
import numpy as np
import pytest

import helpers as h

KIND = pytest.mark.parametrize("kind", h.KINDS)
N_CHANNELS, N = 4, 12007
BAD = {"NaN": np.nan, "Inf": np.inf, "overload": 1e30}


def spoil(streams, m, first, value):
    spoilt = [x.copy() for x in streams]
    spoilt[m][first] = value
    return spoilt


@pytest.fixture
def case(kind, rng):
    streams, taps = h.signals(rng, kind, N_CHANNELS, N), h.rows(rng, kind, [65, 129, 20, 65])
    taps[3] = taps[0]  # equal rows may share their spectrum, never their samples
    return streams, taps, h.run_graph(kind, streams, taps, flush=True)


@KIND
@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
@pytest.mark.parametrize("m", range(N_CHANNELS))
def test_no_bit_of_another_channel_changes(m, value, kind, case):
    streams, taps, want = case
    for first in (0, 5000, N - 1):
        got = h.run_graph(kind, spoil(streams, m, first, value), taps, flush=True)
        others = [i for i in range(N_CHANNELS) if i != m]
        h.assert_same_bits([got[i] for i in others], [want[i] for i in others],
                           f"{value} at sample {first}")
        assert len(got[m]) == len(want[m])
        assert not np.allclose(got[m][first], want[m][first])  # it did arrive


@KIND
@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_the_channel_itself_recovers(value, kind, case):
    """Tainted are the hop that holds the bad sample and P - 1 samples after, nothing else."""
    streams, taps, _ = case
    block = h.make(kind, taps)
    longest, hop = max(map(len, taps)), block.hop()
    for first in (0, hop - 1, hop, 5000):
        spoilt = spoil(streams, 1, first, value)
        got = h.run_graph(kind, spoilt, taps, flush=True)[1]
        tainted_from = first // hop * hop
        tainted_to = min(tainted_from + hop + longest - 1, len(got))
        want = h.full(streams[1], taps[1])
        limit = h.tolerance(streams[1], taps[1])
        h.assert_lengths([got], N + longest - 1)
        h.assert_close(got[:tainted_from], want[:tainted_from], limit, f"before {first}")
        h.assert_close(got[tainted_to:], want[tainted_to:], limit, f"after {first}")


@KIND
def test_a_silent_channel_stays_silent(kind, case):
    streams, taps, want = case
    silent = list(streams)
    silent[2] = np.zeros(N, h.dtype(kind))
    got = h.run_graph(kind, silent, taps, flush=True)
    h.assert_lengths(got, N + 128)
    assert not np.any(got[2])
    others = [0, 1, 3]
    h.assert_same_bits([got[m] for m in others], [want[m] for m in others])


@KIND
def test_a_loud_channel_leaves_a_quiet_one_alone(kind, case):
    streams, taps, want = case
    loud = [x * np.float32(1e20 if m % 2 else 1) for m, x in enumerate(streams)]
    got = h.run_graph(kind, loud, taps, flush=True)
    h.assert_same_bits([got[0], got[2]], [want[0], want[2]])
    h.assert_filtered(got, loud, [np.pad(t, (0, 129 - len(t))) for t in taps], True)
