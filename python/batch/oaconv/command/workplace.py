# SPDX-License-Identifier: GPL-3.0-or-later
"""How one job, or several at once, fill one result: who begins, what is left, who completes."""

from typing import NamedTuple

from .._job import Plan
from .errors import Failed, Refused
from .fileio import sync_folder
from .journal import Journal, difference, records_of
from .part import Part
from .planning import new_plan, refuse_foreign
from .sections import missing


class Start(NamedTuple):
    """Where this process begins.

    plan:        the result's; None when another run was killed while it renamed complete files: only
                 Workplace.complete() is left to do
    finished:    the sections that are done already
    reason:      why the engine took that backend, in a plan that this process has made
    starts_over: whether what an earlier run has done was thrown away
    """

    plan: Plan
    finished: list
    reason: str = ""
    starts_over: bool = False


class Workplace:
    """The files C.part and C.journal of a result while this process works on it."""

    def __init__(self, request):
        self.request = request
        self.result = request.result
        self.shared = request.shared
        self.claimed = False  # whether the files are this job's, and others' who share
        self.part = Part(self.result)
        self.journal = Journal(self.result, self.shared)
        layout = self.result.layout
        self.everything = (0, layout.n_rows, 0, layout.n_samples)

    def begin(self):
        """Joins the work, or begins it; returns the Start."""
        with self.journal.locked(create=True):
            try:
                earlier = self.journal.read()
                if earlier.header is not None and self.request.goes_on:
                    return self.join(earlier)
                return self.begin_anew(earlier)
            except BaseException:
                self.undo()
                raise

    def begin_anew(self, earlier):
        self.part.open()
        self.claim(shared=False)
        plan, reason = new_plan(self.request.job, self.request.options.backend)
        self.journal.empty()  # before what it tells of goes
        self.part.clear()
        self.journal.start(self.request.header(), plan)
        sync_folder(self.result.folder)
        if self.shared:
            self.claim(shared=True)
        return Start(plan, [], reason, starts_over=bool(earlier.finished))

    def join(self, earlier):
        changed = difference(earlier.header, self.request.header())
        if changed:
            raise Refused(
                f"{self.journal.path}: is of another job: {changed}; remove it to start over"
            )
        if earlier.is_complete:
            return Start(None, [self.everything])
        try:
            refuse_foreign(self.request.job, earlier.plan)
        except Refused as error:
            raise Refused(
                f"{self.journal.path}: its plan is for another machine, or it is damaged; "
                f"remove it to start over: {error}"
            ) from None
        gone = self.part.missing()
        if gone:
            raise Refused(
                f"{gone}: is not there, or not whole, though {self.journal.path} tells of it; "
                "remove the journal to start over"
            )
        self.part.open()
        self.part.fresh = False
        self.claim(self.shared)
        return Start(earlier.plan, earlier.finished)

    def claim(self, shared):
        if not self.part.lock(shared):
            raise Refused(f"{self.part.names[0]}: another job is at work on it")
        self.claimed = True

    def undo(self):
        """Takes away what begin() made before it failed."""
        if not self.journal.text():
            if self.claimed:
                self.part.remove()
            self.journal.remove()
        self.part.close()

    def record(self, sections):
        """Makes finished sections last: first the samples, then the journal."""
        self.part.sync()
        self.append(records_of(sections))

    def forget(self, first, end):
        """Takes back that rows first..end are finished."""
        self.append([{"forget": [first, end]}])

    def append(self, records):
        with self.journal.locked():
            if self.journal.is_there():
                self.journal.append(records)
            elif not self.part.is_renamed():
                raise Failed(f"{self.journal.path}: somebody removed it")

    def complete(self):
        """Gives the result its name if nothing is missing. Returns the sections that are."""
        with self.journal.locked():
            if not self.journal.is_there():
                return []  # another job that did the same rows was faster
            content = self.journal.read()
            if not content.is_complete:
                left = missing(self.everything, content.finished)
                if left:
                    return left
                self.part.sync()
                self.journal.append([{"complete": True}])
            self.part.rename()
            self.journal.remove()
            sync_folder(self.result.folder)
            return []

    def abandon(self):
        """After a failure: leaves nothing behind if nothing is finished and nobody else works.

        Returns whether there is something to go on with.
        """
        with self.journal.locked():
            if not self.journal.is_there():
                return False
            if self.journal.read().finished or not self.part.lock(shared=False):
                return True
            self.part.remove()
            self.journal.remove()
            return False

    def close(self):
        self.part.close()
        self.journal.close()
