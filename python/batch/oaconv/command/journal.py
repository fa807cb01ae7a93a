# SPDX-License-Identifier: GPL-3.0-or-later
"""What is finished of a result, on disk: all jobs that fill one result share one journal.

Text, a JSON object each line: first a header that says what is computed, then records

    {"rows": [a, b], "samples": [s, t]}   these are in C.part to last
    {"forget": [a, b]}                    but not these rows, they were wrong
    {"complete": true}                    everything is; the files are being renamed

"forget" is written when --check finds a wrong sample. Without it the next run of that job would find
its rows finished, compute nothing, and check the same wrong samples again and again; and the rows
of other jobs may not be thrown away with them.
"""

import contextlib
import fcntl
import json
import os
from typing import NamedTuple

from .._job import Plan
from .errors import Failed, Refused, os_error
from .fileio import lock, write_at
from .sections import without_rows

SUFFIX = ".journal"
FORMAT = 1  # version of what the lines mean
MAGIC = '{"oaconv journal"'  # how every journal begins


class Content(NamedTuple):
    """What a journal says. Before the work begins there is no header, and no plan."""

    header: dict
    plan: Plan
    records: list

    @property
    def finished(self):
        """The sections that are done."""
        sections = []
        for record in self.records:
            if "rows" in record:
                sections.append((*record["rows"], *record["samples"]))
            elif "forget" in record:
                sections = without_rows(sections, *record["forget"])
        return sections

    @property
    def is_complete(self):
        return any("complete" in record for record in self.records)


class Journal:
    """The journal of a result. Everything but its name needs `with journal.locked()`."""

    def __init__(self, result, shared):
        self.path = result.path + SUFFIX
        self.shared = shared  # with other jobs, which must be kept off
        self.fd = None

    @contextlib.contextmanager
    def locked(self, create=False):
        """Keeps other jobs off, on other machines too where the file system can."""
        try:
            self.take(create)
        except OSError as error:
            if create and self.fd is not None and not os.fstat(self.fd).st_size:
                self.remove()
            raise (Refused if create else Failed)(os_error(error, self.path)) from None
        try:
            yield self
        finally:
            lock(self.fd, fcntl.LOCK_UN, self.shared)

    def take(self, create):
        """Locks the file that has the name now: it may be removed while we wait."""
        while True:
            if self.fd is None:
                flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
                self.fd = os.open(self.path, flags, 0o666)
            lock(self.fd, fcntl.LOCK_EX, self.shared)
            if not create or self.is_there():
                return
            self.close()

    def is_there(self):
        """Whether this file still has its name: the job that completes the result removes it."""
        try:
            return os.path.samestat(os.fstat(self.fd), os.stat(self.path))
        except FileNotFoundError:
            return False

    # ---- content ----

    def read(self):
        """Its Content. A last line without an end was cut by a crash."""
        text = self.text()
        if not MAGIC.startswith(text[: len(MAGIC)]):
            raise Refused(f"{self.path}: is not a journal of oaconv")
        try:
            header, *records = [json.loads(line) for line in text.split("\n")[:-1]] or [None]
        except (ValueError, RecursionError):
            raise self.damaged() from None
        if header is not None and header["oaconv journal"] != FORMAT:
            raise Refused(f"{self.path}: was written by another version of oaconv")
        if header is not None and not is_plan(header.get("plan")):
            raise self.damaged()
        if not all(map(is_record, records)):
            raise self.damaged()
        return Content(header, header and Plan(**header["plan"]), records)

    def damaged(self):
        return Refused(f"{self.path}: is damaged; remove it to start over")

    def text(self):
        content = os.pread(self.fd, os.fstat(self.fd).st_size, 0)
        return content.decode("utf-8", errors="replace")

    def empty(self):
        if os.fstat(self.fd).st_size:
            os.ftruncate(self.fd, 0)
            os.fsync(self.fd)

    def start(self, header, plan):
        """Begins an empty journal."""
        self.append([{"oaconv journal": FORMAT, **header, "plan": plan._asdict()}])

    def append(self, records):
        """Adds lines, which last when this returns."""
        content = os.pread(self.fd, os.fstat(self.fd).st_size, 0)
        end = content.rfind(b"\n") + 1  # what follows was cut by a crash
        lines = "".join(json.dumps(record) + "\n" for record in records)
        try:
            os.ftruncate(self.fd, end)
            write_at(self.fd, memoryview(lines.encode()), end)
            os.fsync(self.fd)
        except OSError as error:
            raise Failed(os_error(error, self.path)) from None

    def remove(self):
        os.unlink(self.path)

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def is_plan(plan):
    """Whether it has the form of one; the engine knows whether it can be."""
    if not isinstance(plan, dict) or set(plan) != set(Plan._fields):
        return False
    numbers = [plan[name] for name in ("n_fft", "segment", "hop")]
    names = [plan[name] for name in ("backend", "wisdom")]
    if not all(isinstance(name, str) for name in names):
        return False
    return all(map(is_count, numbers)) and plan["hop"] > 0


def is_record(record):
    if not isinstance(record, dict):
        return False
    if set(record) == {"rows", "samples"}:
        return is_range(record["rows"]) and is_range(record["samples"])
    return record == {"complete": True} or list(record) == ["forget"] and is_range(record["forget"])


def is_range(pair):
    """[a, b] with 0 <= a <= b."""
    is_pair = isinstance(pair, list) and len(pair) == 2 and all(map(is_count, pair))
    return is_pair and pair[0] <= pair[1]


def is_count(number):
    return type(number) is int and 0 <= number < 1 << 63  # True is an int, too


def records_of(sections):
    """What to append when these sections are finished."""
    return [{"rows": [s[0], s[1]], "samples": [s[2], s[3]]} for s in sections]


def difference(header, mine):
    """What another header says otherwise than mine, in words; "" if nothing."""
    for key, value in mine.items():
        theirs = header.get(key)
        if isinstance(value, dict) and isinstance(theirs, dict):
            inner = difference(theirs, value)
            if inner:
                return f"{key} {inner}"
        elif theirs != value:
            return f"{key} was {shortened(theirs)}, is {shortened(value)}"
    return ""


def shortened(value):
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
