# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells how far a job is."""

import contextlib
import os
import threading

import numpy as np

from ._arguments import shown

_bar_works = threading.RLock()  # fork() waits for it, or a child would for what the bar holds
os.register_at_fork(
    before=_bar_works.acquire,
    after_in_parent=_bar_works.release,
    after_in_child=_bar_works.release,
)


@contextlib.contextmanager
def _bar(total):
    """tqdm's. It is imported when it is wanted: that takes as long as NumPy, and warns in some
    notebooks."""
    with _bar_works:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise ImportError("progress=True needs tqdm (Debian: python3-tqdm)") from None
        bar = tqdm(total=total, unit="S", unit_scale=True)

    def tell(section):
        with _bar_works:
            bar.update(_n_samples(section))

    try:
        yield tell
    finally:
        with _bar_works:
            bar.close()


def _n_samples(section):
    return (section.end - section.first) * (section.stop - section.begin)


def check(progress):
    if not (progress is None or isinstance(progress, (bool, np.bool_)) or callable(progress)):
        raise TypeError(f"progress is {shown(progress)}; it must be a function, True, False or None")


@contextlib.contextmanager
def reporting(progress, job):
    """A function that takes finished sections and tells `progress` about them.

    progress: None or False; a callable(done, total) in samples of all rows; or True for tqdm's bar
    """
    total = job.n_rows * job.length
    if callable(progress):
        n_done = 0

        def tell(section):
            nonlocal n_done
            n_done += _n_samples(section)
            progress(n_done, total)

        yield tell
    elif progress:
        with _bar(total) as tell:
            yield tell
    else:
        yield None
