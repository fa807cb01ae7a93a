# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells how far a job is."""

import contextlib


@contextlib.contextmanager
def reporting(progress, job):
    """A function that takes finished sections and tells `progress` about them.

    progress: None or False; a callable(done, total) in samples of all rows; or True for tqdm's bar
    """
    total = job.n_rows * job.length
    if not progress:
        yield None
    elif callable(progress):
        n_done = 0

        def tell(section):
            nonlocal n_done
            n_done += (section.end - section.first) * (section.stop - section.begin)
            progress(n_done, total)

        yield tell
    else:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise ImportError("progress=True needs tqdm (Debian: python3-tqdm)") from None
        with tqdm(total=total, unit="S", unit_scale=True) as bar:
            yield lambda s: bar.update((s.end - s.first) * (s.stop - s.begin))
