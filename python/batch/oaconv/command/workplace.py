# SPDX-License-Identifier: GPL-3.0-or-later
"""How one job, or several at once, fill one result: who begins, what is left, who completes."""

from .errors import Failed, Refused
from .fileio import sync_folder
from .journal import Journal, difference, finished, is_complete, records_of
from .part import Part
from .sections import missing


class Workplace:
    """The files C.part and C.journal of a result while this process works on it.

    shared: other jobs may work on other rows; resume: go on with what an earlier run left.
    """

    def __init__(self, result, shared, resume):
        self.result = result
        self.shared = shared
        self.goes_on = shared or resume
        self.starts_over = False  # throwing away what an earlier run has done
        self.claimed = False  # whether the files are this job's, and others' who share
        self.part = Part(result)
        self.journal = Journal(result, shared)
        layout = result.layout
        self.everything = (0, layout.n_rows, 0, layout.n_samples)

    def begin(self, header, make_plan, try_plan):
        """Joins the work, or begins it.

        header: what must be the same for all; make_plan: gives the plan, in terms of JSON, when
        there is none yet; try_plan: raises Refused for a plan that cannot be used. Returns the plan
        and the finished sections; the plan is None when another run was killed while it renamed
        complete files: only complete() is left to do.
        """
        with self.journal.locked(create=True):
            try:
                return self.begin_locked(header, make_plan, try_plan)
            except BaseException:
                self.undo()
                raise

    def begin_locked(self, header, make_plan, try_plan):
        theirs, records = self.journal.read()
        if theirs is not None and self.goes_on:
            return self.join(theirs, records, header, try_plan)
        self.part.open()
        self.claim(shared=False)
        self.starts_over = bool(finished(records))
        header = {**header, "plan": make_plan()}
        self.journal.empty()  # before what it tells of goes
        self.part.clear()
        self.journal.start(header)
        sync_folder(self.result.folder)
        if self.shared:
            self.claim(shared=True)
        return header["plan"], []

    def join(self, theirs, records, header, try_plan):
        changed = difference(theirs, header)
        if changed:
            raise Refused(
                f"{self.journal.path}: is of another job: {changed}; remove it to start over"
            )
        if is_complete(records):
            return None, [self.everything]
        try:
            try_plan(theirs["plan"])
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
        return theirs["plan"], finished(records)

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
            _, records = self.journal.read()
            if not is_complete(records):
                left = missing(self.everything, finished(records))
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
            _, records = self.journal.read()
            if finished(records) or not self.part.lock(shared=False):
                return True
            self.part.remove()
            self.journal.remove()
            return False

    def close(self):
        self.part.close()
        self.journal.close()
