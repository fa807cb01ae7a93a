# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a job, and the filters that are made by it."""

from . import _core
from ._job import Plan


def make_filter(job, plan, first, end, device=-1, batch=0):
    """A filter for rows first..end; sizes that are 0 in the plan are chosen by the engine."""
    return _core.Filter(
        job.kind,
        job.taps_of(first, end),
        end - first,
        plan.backend,
        device,
        job.n_samples,
        plan.n_fft,
        plan.segment,
        plan.hop,
        batch,
    )


def _may_take_gpu(job, backend):
    if backend in ("gpu", "cuda"):
        return True
    usable = {name: can_run for name, can_run, _ in _core.backends()}
    return backend == "auto" and not job.is_double and usable["cuda"]


def plan_and_cost(job, backend, device):
    """A new plan, and the nanoseconds that a sample is expected to take."""
    # A GPU is worth it, or not, for many rows at once.
    n_rows = min(job.n_rows, 64) if _may_take_gpu(job, backend) else 1
    probe = make_filter(job, Plan(backend, 0, 0, 0), 0, n_rows, device)
    if probe.backend == "cuda" or probe.n_fft == 0:
        return Plan(probe.backend, 0, 0, probe.hop), probe.cost
    wisdom = _core.export_wisdom(job.is_double) if probe.backend == "volk" else ""
    return Plan(probe.backend, probe.n_fft, probe.segment, probe.hop, wisdom), probe.cost


def make_plan(job, backend="auto", device=-1):
    """The plan that run() makes for itself. Raises ValueError for a backend that cannot run here."""
    return plan_and_cost(job, backend, device)[0]


def reason_for(job, backend):
    """Why the engine takes what it takes for that name of a backend; "" where it is no choice."""
    return make_filter(job, Plan(backend, 0, 0, 0), 0, 1).reason


def adopt(job, plan, device=-1):
    """Takes over a plan that another run has made; returns its cost, as plan_and_cost() does.

    Raises what the engine raises for a plan that cannot be used here, or not for this job.
    """
    if plan.wisdom:
        _core.import_wisdom(job.is_double, plan.wisdom)
    return make_filter(job, plan, 0, 1, device).cost
