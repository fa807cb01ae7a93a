# SPDX-License-Identifier: GPL-3.0-or-later
"""What a journal tells is finished, and what is missing, is right for any sections."""

import numpy as np
import pytest
from oaconv.command.sections import coalesced, missing, n_samples, without_rows

M, N = 9, 14


def random_sections(rng, n):
    rows, samples = np.sort(rng.integers(0, M + 1, (n, 2))), np.sort(rng.integers(0, N + 1, (n, 2)))
    return [tuple(map(int, (*r, *s))) for r, s in zip(rows, samples)]


def area(sections, where=None):
    """How often each sample is in the sections."""
    count = np.zeros((M, N), int)
    for first, end, begin, stop in sections:
        count[first:end, begin:stop] += 1
    return count if where is None else count[where[0] : where[1], where[2] : where[3]]


@pytest.mark.parametrize("seed", range(200))
def test_what_is_missing_is_what_is_not_finished(seed):
    rng = np.random.default_rng(seed)
    finished = random_sections(rng, seed % 8)
    (wanted,) = random_sections(rng, 1) if seed % 3 else [(0, M, 0, N)]
    left = missing(wanted, finished)
    expected = np.zeros((M, N), int)
    expected[wanted[0] : wanted[1], wanted[2] : wanted[3]] = area(finished, wanted) == 0
    np.testing.assert_array_equal(area(left), expected)  # each once
    assert n_samples(left) == expected.sum()
    assert left == sorted(left)


@pytest.mark.parametrize("seed", range(50))
def test_sections_that_are_joined_hold_the_same(seed):
    sections = random_sections(np.random.default_rng(seed), 10)
    fewer = coalesced(sections)
    np.testing.assert_array_equal(area(fewer) > 0, area(sections) > 0)
    assert len(fewer) <= len(sections)


def test_neighbours_become_one():
    pieces = [(m, m + 1, t, t + 2) for m in range(M) for t in range(0, N, 2)]
    np.random.default_rng(1).shuffle(pieces)
    assert coalesced(pieces) == [(0, M, 0, N)]


@pytest.mark.parametrize("seed", range(50))
def test_rows_that_are_taken_out(seed):
    rng = np.random.default_rng(seed)
    sections = random_sections(rng, 6)
    first, end = sorted(map(int, rng.integers(0, M + 1, 2)))
    expected = area(sections)
    expected[first:end] = 0
    np.testing.assert_array_equal(area(without_rows(sections, first, end)), expected)
