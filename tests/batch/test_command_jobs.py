# SPDX-License-Identifier: GPL-3.0-or-later
"""Several jobs fill one result, each some rows; whoever finishes last gives it its name."""

import errno
import fcntl
import os
import re

import command_helpers as h
import numpy as np
import pytest

M, N, P = 24, 132_000, 50  # the driver does about a row at a time
SLOWLY = {"every": 0.05, "pause": 0.03}
HELD = {"every": 0.05, "hold": 2}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Signal and taps, and the result of one run."""
    folder = tmp_path_factory.mktemp("whole")
    rng = h.seeded("jobs")
    np.save(folder / "a.npy", h.random(rng, (M, N), "f4"))
    np.save(folder / "b.npy", h.random(rng, (M, P), "f4"))
    assert h.run(*arguments(folder, folder / "c.npy")) == 0
    return folder


@pytest.fixture
def target(tmp_path):
    return tmp_path / "c.npy"


def arguments(whole, target, rows=None):
    rows = [] if rows is None else [f"--rows={rows}"]
    return [whole / "a.npy", whole / "b.npy", "-o", target, *rows]


def assert_complete(whole, target):
    assert target.read_bytes() == (whole / "c.npy").read_bytes()
    assert h.names_in(target.parent) == ["c.npy"]


def assert_incomplete(target):
    assert h.names_in(target.parent) == ["c.npy.journal", "c.npy.part"]


def test_one_after_the_other(whole, target, capsys):
    for rows, missing in (("6:12", 18), (":6", 12), ("-4:", 8), ("12:-4", 0)):
        assert_missing = f"c.npy: {missing} rows are still missing"
        assert h.run(*arguments(whole, target, rows)) == 0
        assert (assert_missing in capsys.readouterr().err) == (missing > 0)
        if missing:
            assert_incomplete(target)
    assert_complete(whole, target)


def test_at_the_same_time(whole, target):
    children = [
        h.start(*arguments(whole, target, f"{m}:{m + 4}"), **SLOWLY) for m in range(0, M, 4)
    ]
    ended = [h.end(child) for child in children]
    assert [job.status for job in ended] == [0] * len(ended), ended
    assert_complete(whole, target)


def test_a_journal_that_is_removed_while_a_job_waits_for_it(whole, target):
    """As by the job that completes the result: it is another file that has the name then."""
    journal = target.with_name("c.npy.journal")
    with open(journal, "w", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with h.started(*arguments(whole, target)) as child:
            h.wait_until(lambda: waits_for_lock(child))
            journal.unlink()
            fcntl.flock(stream, fcntl.LOCK_UN)
            assert h.end(child).status == 0
    assert_complete(whole, target)


def waits_for_lock(child):
    with open("/proc/locks", encoding="ascii") as locks:
        return any("->" in line and f" {child.pid} " in line for line in locks)


def test_rows_that_overlap(whole, target):
    ranges = "0:16", "8:24", "0:24"
    children = [h.start(*arguments(whole, target, rows), **SLOWLY) for rows in ranges]
    ended = [h.end(child) for child in children]
    assert [job.status for job in ended] == [0] * len(ended), ended
    assert_complete(whole, target)


def test_files_for_each_channel(whole, tmp_path):
    target = tmp_path / "c{:02d}.f32"
    children = [h.start(*arguments(whole, target, rows), **SLOWLY) for rows in ("0:12", "12:24")]
    assert [h.end(child).status for child in children] == [0, 0]
    assert h.names_in(tmp_path) == [f"c{m:02d}.f32" for m in range(M)]
    c = np.load(whole / "c.npy")
    for m in range(M):
        np.testing.assert_array_equal(np.fromfile(tmp_path / f"c{m:02d}.f32", "f4"), c[m])


@pytest.mark.parametrize("rows", ["0:0", "24:30", "5:3"])
def test_no_rows_are_none(whole, target, rows, capsys):
    assert h.run(*arguments(whole, target, rows)) == 0
    assert "24 rows are still missing" in capsys.readouterr().err


def test_more_rows_than_there_are(whole, target):
    assert h.run(*arguments(whole, target, "0:20")) == 0
    assert h.run(*arguments(whole, target, "20:40")) == 0
    assert_complete(whole, target)


def test_a_job_that_is_started_again_skips_what_is_done(whole, target, capsys):
    assert h.run(*arguments(whole, target, "0:12")) == 0
    capsys.readouterr()
    assert h.run(*arguments(whole, target, "0:12")) == 0
    assert not re.search("samples in", capsys.readouterr().err)
    assert h.run(*arguments(whole, target), "--resume") == 0  # the rest, without --rows
    assert_complete(whole, target)


def test_a_job_that_is_killed_and_started_again(whole, target):
    with h.started(*arguments(whole, target, "0:12"), **HELD) as child:
        h.wait_until(lambda: h.n_recorded(target) >= 1, child)
        other = h.run_child(*arguments(whole, target, "12:24"))
        assert other.status == 0 and "rows are still missing" in other.err
        child.kill()
        h.end(child)
    assert_incomplete(target)
    assert h.run_child(*arguments(whole, target, "0:12")).status == 0
    assert_complete(whole, target)


def test_a_job_that_fails_leaves_the_work_of_others(whole, target, monkeypatch):
    assert h.run(*arguments(whole, target, "0:12")) == 0

    def pwrite(fd, data, offset):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        assert h.run(*arguments(whole, target, "12:24")) == 1
    assert_incomplete(target)
    assert h.run(*arguments(whole, target, "12:24")) == 0
    assert_complete(whole, target)


def test_all_jobs_round_alike(whole, target, monkeypatch):
    """The plan is made once, by whichever job begins."""
    from oaconv.command import planning

    assert h.run(*arguments(whole, target, "0:12"), "--threads", "1") == 0
    monkeypatch.setattr(planning, "make_plan", None)
    assert h.run(*arguments(whole, target, "12:24"), "--threads", "2", "--memory", "1G") == 0
    assert_complete(whole, target)


# ---- who may work beside whom ----


def test_only_several_jobs_need_locks(whole, target, monkeypatch, capsys):
    """Some file systems of clusters have none."""

    def flock(fd, kind):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)
    assert h.run(*arguments(whole, target, "0:12")) == 2
    assert "c.npy.journal: Function not implemented" in capsys.readouterr().err
    assert h.names_in(target.parent) == []
    assert h.run(*arguments(whole, target)) == 0
    assert_complete(whole, target)


@pytest.mark.parametrize(
    "first, second",
    [(None, None), (None, "0:12"), ("0:12", None), (None, "--resume"), ("0:12", "--resume")],
)
def test_a_run_of_all_rows_works_alone(whole, target, first, second):
    """Nobody touches what another is at work on."""
    with h.started(*arguments(whole, target, first), **HELD) as child:
        h.wait_until(lambda: h.n_recorded(target) >= 1, child)
        options = ["--resume"] if second == "--resume" else []
        rows = None if second == "--resume" else second
        ended = h.run_child(*arguments(whole, target, rows), *options)
        assert ended.status == 2
        assert "c.npy.part: another job is at work on it" in ended.err
    assert h.run(*arguments(whole, target), "--resume") == 0
    assert_complete(whole, target)


def test_jobs_must_want_the_same(whole, target, capsys):
    assert h.run(*arguments(whole, target, "0:12"), "--mode", "same") == 0
    assert h.run(*arguments(whole, target, "12:24")) == 2
    err = capsys.readouterr().err
    assert "c.npy.journal: is of another job: mode was same, is full; remove it" in err
    os.unlink(str(target) + ".journal")
    assert h.run(*arguments(whole, target)) == 0
    assert_complete(whole, target)


def test_a_journal_that_somebody_removes(whole, target):
    """The work cannot be recorded any more: an error, and no result."""
    with h.started(*arguments(whole, target), **HELD) as child:
        h.wait_until(lambda: h.n_recorded(target) >= 1, child)
        os.unlink(str(target) + ".journal")
        ended = h.end(child)
    assert ended.status == 1
    assert "c.npy.journal: somebody removed it" in ended.err
    assert not target.exists()
