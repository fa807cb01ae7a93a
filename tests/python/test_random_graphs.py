# SPDX-License-Identifier: GPL-3.0-or-later
"""No random flowgraph hangs, dies, loses a sample or gives a wrong one; random_graphs.py runs thousands of them."""
import pytest

import helpers as h
import random_graphs

PER_TEST = 20


@pytest.mark.parametrize("begin", range(0, 160, PER_TEST))
def test_random_graphs(begin):
    for seed in range(begin, begin + PER_TEST):
        try:
            random_graphs.run_seed(seed, h.GRAPH_TIMEOUT)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{random_graphs.description(seed)}") from error
