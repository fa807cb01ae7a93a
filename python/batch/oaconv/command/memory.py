# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the memory that the command may take is left for buffers."""

import contextlib
import ctypes
import os

from .._tiling import least_memory
from .errors import Refused
from .source import BLOCK_BYTES

M_MMAP_THRESHOLD = -3  # of <malloc.h>
RESERVE = 12 << 20  # for what grows on the way: stacks, the journal, the allocator's gaps


def resident():
    """Bytes of this process that are in memory now."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def give_back_what_is_freed():
    """Keeps glibc from holding on to large blocks, and from scattering them, after they were freed
    once; other C libraries do not."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1 << 20)


def for_driver(bound, job, plan, n_threads):
    """Bytes and threads for run(), so that the whole process stays below the bound.

    As many threads as there is memory for; refuses a bound with which not one could work.
    n_threads: 0 for one on every core.
    """
    n_cores = len(os.sched_getaffinity(0))
    of_thread = 2 * BLOCK_BYTES
    needed = least_memory(job, plan, None)
    left = bound - resident() - RESERVE
    if left < needed + of_thread:
        least = -(-(bound - left + needed + of_thread) // (1 << 20))
        raise Refused(f"--memory: {bound >> 20}M is too little for this job, {least}M would do")
    n_threads = min(n_threads or n_cores, n_cores, (left - needed) // of_thread)
    return left - n_threads * of_thread, n_threads
