# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a result: the run that begins it makes one, those that go on with it take it over."""

from .._plan import adopt, make_plan, reason_for
from .errors import Refused, one_line


def new_plan(job, backend):
    """A plan for the whole result, and why the engine took that backend."""
    try:
        return make_plan(job, backend), reason_for(job, backend)
    except (ValueError, RuntimeError) as error:
        raise Refused(str(error)) from None


def refuse_foreign(job, plan):
    """Refuses the plan of a journal if it cannot be used here, or not for this job."""
    try:
        adopt(job, plan)
    except (ValueError, RuntimeError, OverflowError, MemoryError) as error:
        raise Refused(one_line(error)) from None
