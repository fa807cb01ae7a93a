# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever stops a run, the target is as it was, and --resume gives the same bytes as a run that
nothing disturbed."""

import errno
import json
import os
import re
import signal
import threading
import time

import command_helpers as h
import numpy as np
import pytest

M, N, P = 24, 132_000, 50  # the driver does about a row at a time
SLOWLY = {"every": 0.05, "pause": 0.03}
HELD = {"every": 0.05, "hold": 2}
OLD = b"what the target held before"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Signal and taps, and the results of runs that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    rng = h.seeded("resume")
    np.save(folder / "a.npy", h.random(rng, (M, N), "f4"))
    np.save(folder / "b.npy", h.random(rng, (M, P), "f4"))
    np.asarray(h.random(rng, (M, N), "c8").T).tofile(folder / "a.cf32")
    for name in "c.npy", "c{}.f32":
        arguments = folder / "a.npy", folder / "b.npy", "-o", folder / name
        assert h.run_child(*arguments).status == 0
    assert h.run_child(*raw_arguments(folder, folder)).status == 0
    return folder


def raw_arguments(whole, folder):
    return whole / "a.cf32", whole / "b.npy", "-o", folder / "c.cf32", "--channels", M


def npy_arguments(whole, target):
    return whole / "a.npy", whole / "b.npy", "-o", target


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "c.npy"
    path.write_bytes(OLD)
    return path


def assert_stopped(target):
    """The target as before, and what is needed to go on beside it."""
    assert target.read_bytes() == OLD
    assert h.names_in(target.parent) == ["c.npy", "c.npy.journal", "c.npy.part"]


def samples_done(err):
    """Of the line that a run ends with; there is none where the stopped one had left nothing."""
    found = re.search(r": ([0-9]+) samples in", err)
    return int(found.group(1)) if found else 0


def stop_midway(whole, target, how, *options):
    """By a signal, long before the end: what can catch it gets time to."""
    pause = 0 if how == signal.SIGKILL else 0.5
    with h.started(*npy_arguments(whole, target), *options, **HELD, pause=pause) as child:
        h.wait_until(lambda: h.n_recorded(target) >= 1, child)
        child.send_signal(how)
        return h.end(child)


def assert_resumes(whole, target, *options):
    """The rest is computed, not all; the bytes are those of an undisturbed run."""
    ended = h.run_child(*npy_arguments(whole, target), "--resume", *options)
    assert ended.status == 0, ended.err
    assert samples_done(ended.err) < M * (N + P - 1)
    assert target.read_bytes() == (whole / "c.npy").read_bytes()
    assert h.names_in(target.parent) == ["c.npy"]


def test_kill_9(whole, target):
    assert stop_midway(whole, target, signal.SIGKILL).status == -signal.SIGKILL
    assert_stopped(target)
    assert_resumes(whole, target)


HEADER_BYTES = 128  # of a .npy file of few dimensions


def undisturbed(whole, target, *options):
    """What a run with the plan of a stopped one gives that does everything itself."""
    other = target.with_name("d.npy")
    journal = target.with_name("c.npy.journal").read_text(encoding="utf-8")
    other.with_name("d.npy.journal").write_text(journal.splitlines(keepends=True)[0])
    begun = target.with_name("c.npy.part").read_bytes()
    with open(other.with_name("d.npy.part"), "wb") as part:
        part.write(begun[:HEADER_BYTES])
        part.truncate(len(begun))
    ended = h.run_child(*npy_arguments(whole, other), "--resume", *options)
    assert ended.status == 0 and samples_done(ended.err) == M * (N + P - 1)
    return other.read_bytes()


@pytest.mark.parametrize("backend", ["simd", "volk", "direct"])
def test_every_backend_goes_on_with_the_same_bytes(whole, target, backend):
    """By the plan of the journal: another process might plan otherwise."""
    stop_midway(whole, target, signal.SIGKILL, "--backend", backend)
    expected = undisturbed(whole, target, "--backend", backend)
    ended = h.run_child(*npy_arguments(whole, target), "--resume", "--backend", backend)
    assert ended.status == 0 and samples_done(ended.err) < M * (N + P - 1)
    assert target.read_bytes() == expected


@pytest.mark.parametrize("seed", range(3))
def test_kill_9_again_and_again_at_random_moments(whole, target, seed):
    rng = h.seeded(f"kill {seed}")
    for _ in range(4):
        with h.started(*npy_arguments(whole, target), "--resume", **SLOWLY) as child:
            time.sleep(rng.uniform(0, 1.2))
            child.kill()
            h.end(child)
        if target.read_bytes() != OLD:  # it was complete before
            break
    ended = h.run_child(*npy_arguments(whole, target), "--resume")
    assert ended.status == 0, ended.err
    assert target.read_bytes() == (whole / "c.npy").read_bytes()
    assert h.names_in(target.parent) == ["c.npy"]


@pytest.mark.parametrize("name", ["c{}.f32", "c.cf32"])
def test_kill_9_with_raw_files(whole, tmp_path, name):
    target = tmp_path / name
    if name == "c.cf32":
        arguments = raw_arguments(whole, tmp_path)
    else:
        arguments = npy_arguments(whole, target)
    with h.started(*arguments, **HELD) as child:
        h.wait_until(lambda: h.n_recorded(target) >= 1, child)
        child.kill()
        h.end(child)
    assert not [x for x in h.names_in(tmp_path) if not x.endswith((".part", ".journal"))]
    ended = h.run_child(*arguments, "--resume")
    assert ended.status == 0, ended.err
    for done in {name.format(m) for m in range(M)}:
        assert (tmp_path / done).read_bytes() == (whole / done).read_bytes()
    assert not [x for x in h.names_in(tmp_path) if x.endswith((".part", ".journal"))]


@pytest.mark.parametrize("how, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(whole, target, how, status):
    ended = stop_midway(whole, target, how)
    assert ended.status == status
    assert "Traceback" not in ended.err
    assert "c.npy.part; --resume goes on with it" in ended.err.splitlines()[-1]
    assert_stopped(target)
    assert_resumes(whole, target)


def test_other_threads_and_memory_may_go_on(whole, target):
    stop_midway(whole, target, signal.SIGKILL, "--threads", "1")
    assert_resumes(whole, target, "--threads", "2", "--memory", "128M")


def test_nothing_to_resume_is_a_run_from_the_start(whole, target):
    ended = h.run_child(*npy_arguments(whole, target), "--resume")
    assert ended.status == 0
    assert target.read_bytes() == (whole / "c.npy").read_bytes()


def test_without_resume_everything_is_done_again(whole, target):
    stop_midway(whole, target, signal.SIGKILL)
    ended = h.run_child(*npy_arguments(whole, target))
    assert ended.status == 0 and samples_done(ended.err) == M * (N + P - 1)
    assert "c.npy: starting over; --resume would go on" in ended.err
    assert target.read_bytes() == (whole / "c.npy").read_bytes()
    assert h.names_in(target.parent) == ["c.npy"]


def test_a_record_cut_by_a_crash_does_not_count(whole, target):
    stop_midway(whole, target, signal.SIGKILL)
    journal = target.with_name("c.npy.journal")
    journal.write_text(journal.read_text() + '{"rows": [0, 3], "samples": [0, 2')
    assert_resumes(whole, target)


def test_a_crash_before_the_header_is_a_fresh_start(whole, target):
    target.with_name("c.npy.journal").write_text('{"oaconv jou')
    target.with_name("c.npy.part").write_bytes(b"?" * 1000)
    assert h.run_child(*npy_arguments(whole, target), "--resume").status == 0
    assert target.read_bytes() == (whole / "c.npy").read_bytes()


def test_a_crash_between_renames(whole, tmp_path):
    """All is recorded as complete, one of three files has its name."""
    target = tmp_path / "c{}.f32"
    with h.started(*npy_arguments(whole, target), **HELD) as child:
        h.wait_until(lambda: h.n_recorded(target) >= 1, child)
        child.kill()
        h.end(child)
    for m in range(M):  # all is there, and channel 0 has its name
        data = (whole / f"c{m}.f32").read_bytes()
        (tmp_path / (f"c{m}.f32" + ("" if m == 0 else ".part"))).write_bytes(data)
    os.unlink(tmp_path / "c0.f32.part")
    journal = tmp_path / "c{}.f32.journal"
    journal.write_text(journal.read_text() + '{"complete": true}\n')
    ended = h.run_child(*npy_arguments(whole, target), "--resume")
    assert ended.status == 0, ended.err
    assert "c{}.f32: was complete but for its name" in ended.err
    assert h.names_in(tmp_path) == sorted(f"c{m}.f32" for m in range(M))
    for m in range(M):
        assert (tmp_path / f"c{m}.f32").read_bytes() == (whole / f"c{m}.f32").read_bytes()


@pytest.mark.parametrize("options", [["--resume"], []])
def test_zeros_are_written_over_what_a_crash_left(tmp_path, monkeypatch, options):
    """What an earlier run wrote and did not record may be anything."""
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((2, 1 << 19), "f4"))
    np.save("b.npy", np.ones((1, 4), "f4"))
    arguments = "a.npy", "b.npy", "-o", "c.npy"
    assert h.run(*arguments, "--rows", "0:0") == 0  # begins, and leaves all to do
    size = os.path.getsize("c.npy.part")
    with open("c.npy.part", "r+b") as stream:
        stream.seek(1000)
        stream.write(b"?" * (size - 2000))
    assert h.run(*arguments, *options) == 0
    assert not np.load("c.npy").any()


# ---- what does not fit ----


def changes(whole, target):
    """How to change what an earlier run relied on, and what is said."""
    a, b = target.with_name("a.npy"), target.with_name("b.npy")
    return {
        "signal": (lambda: os.utime(a), "signal size and time was .*, is "),
        "taps": (lambda: os.utime(b), "taps size and time was .*, is "),
        "mode": (lambda: ["--mode", "same"], "mode was full, is same"),
        "backend": (lambda: ["--backend", "volk"], "backend was auto, is volk"),
        "part": (lambda: os.unlink(str(target) + ".part"), "c.npy.part: is not there"),
        "size": (lambda: os.truncate(str(target) + ".part", 9), "c.npy.part: is not there, or not"),
        "damage": (lambda: damage(str(target) + ".journal"), "c.npy.journal: is damaged"),
    }


def damage(journal):
    with open(journal, "r+", encoding="utf-8") as stream:
        text = stream.read().replace('"rows"', "rows", 1)
        stream.seek(0)
        stream.write(text)


@pytest.mark.parametrize("what", ["signal", "taps", "mode", "backend", "part", "size", "damage"])
def test_what_does_not_fit_is_refused(whole, target, what):
    for name in "a.npy", "b.npy":
        (
            os.link(whole / name, target.with_name(name))
            if what not in ("signal", "taps")
            else (target.with_name(name).write_bytes((whole / name).read_bytes()))
        )
    stop_midway(target.parent, target, signal.SIGKILL)
    change, reason = changes(whole, target)[what]
    options = change() or []
    ended = h.run_child(*npy_arguments(target.parent, target), "--resume", *options)
    assert ended.status == 2 and re.search(reason, ended.err), ended.err
    assert target.read_bytes() == OLD


DAMAGED_RECORDS = [
    "5",
    "[]",
    "null",
    "{}",
    '{"rows": [0]}',
    '{"rows": [0, 1], "samples": [0]}',
    '{"rows": [0, 1], "samples": 7}',
    '{"rows": [0, "1"], "samples": [0, 1]}',
    '{"rows": [0, 1.5], "samples": [0, 1]}',
    '{"rows": [0, true], "samples": [0, 1]}',
    '{"rows": [-1, 1], "samples": [0, 1]}',
    '{"rows": [2, 1], "samples": [0, 1]}',
    '{"forget": [0]}',
    '{"forget": null}',
    '{"complete": 0}',
    "[" * 100_000,
]
DAMAGED_PLANS = [
    None,
    5,
    {},
    {"hop": 7},
    {"hop": 0},
    {"hop": -1},
    {"hop": "7"},
    {"hop": 1 << 80},
    {"n_fft": 1 << 62},
    {"n_fft": 5},
    {"backend": 3},
    {"backend": "abacus"},
    {"wisdom": None},
    {"more": 1},
]


@pytest.fixture
def journal(whole, target):
    """Of a run that was killed; also the header in it."""
    stop_midway(whole, target, signal.SIGKILL)
    path = target.with_name("c.npy.journal")
    lines = path.read_text().splitlines()
    return path, json.loads(lines[0])


def assert_damaged(whole, target, capsys):
    """It is said in a line, and nothing is changed."""
    folder = target.parent
    before = {name: (folder / name).read_bytes() for name in h.names_in(folder)}
    assert h.run(*npy_arguments(whole, target), "--resume") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    assert re.search("c.npy.journal: .*is damaged; remove it to start over", lines[0]), lines
    assert {name: (folder / name).read_bytes() for name in h.names_in(folder)} == before


def test_damaged_records(whole, target, journal, capsys):
    path, _ = journal
    text = path.read_text()
    for record in DAMAGED_RECORDS:
        path.write_text(text + record + "\n")
        assert_damaged(whole, target, capsys)


def test_damaged_plans(whole, target, journal, capsys):
    path, header = journal
    for plan in DAMAGED_PLANS:
        changed = {**header["plan"], **plan} if isinstance(plan, dict) and plan else plan
        path.write_text(json.dumps({**header, "plan": changed}) + "\n")
        assert_damaged(whole, target, capsys)


# ---- failures on the way ----


def assert_nothing_left(target):
    assert target.read_bytes() == OLD
    assert h.names_in(target.parent) == ["c.npy"]


def fail_after(n, number):
    """A pwrite() that fails after n calls on large pieces."""
    real = os.pwrite
    calls = iter(range(10**9))

    def pwrite(fd, data, offset):
        if len(data) > 1000 and next(calls) >= n:
            raise OSError(number, os.strerror(number))
        return real(fd, data, offset)

    return pwrite


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG])
def test_a_disk_that_fails_midway(whole, target, monkeypatch, capsys, number):
    from oaconv.command import recorder

    monkeypatch.setattr(recorder, "SECONDS", 0.05)
    arguments = whole / "a.npy", whole / "b.npy", "-o", target, "--quiet"
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fail_after(3, number))
        assert h.run(*arguments, "--threads", "1") == 1
    err = capsys.readouterr().err
    assert f"c.npy.part: {os.strerror(number)}" in err and "--resume" in err
    assert_stopped(target)
    assert h.run(*arguments, "--resume") == 0
    assert h.run(*arguments[:3], target.with_name("d.npy"), *arguments[4:]) == 0
    assert target.read_bytes() == target.with_name("d.npy").read_bytes()


def test_a_failure_before_anything_is_finished_leaves_nothing(whole, target, monkeypatch):
    monkeypatch.setattr(os, "pwrite", fail_after(0, errno.ENOSPC))
    assert h.run(*npy_arguments(whole, target)) == 1
    assert_nothing_left(target)


def test_a_disk_that_fails_when_asked_to_keep(whole, target, monkeypatch, capsys):
    """What the disk has lost once it does not report again: nothing is recorded any more."""

    def fdatasync(fd):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    assert h.run(whole / "a.npy", whole / "b.npy", "-o", target) == 1
    assert "c.npy.part: Input/output error" in capsys.readouterr().err
    assert_nothing_left(target)


def test_the_work_ends_when_it_cannot_be_kept(whole, target, monkeypatch):
    """Not only at the end."""
    from oaconv.command import recorder

    real, work, n_writes = os.pwrite, recorder.Recorder.work, []
    given_up = threading.Event()

    def pwrite(fd, data, offset):
        if len(data) > 10_000:
            n_writes.append(offset)
            assert len(n_writes) < 4 or given_up.wait(h.LIMIT)
        return real(fd, data, offset)

    def work_and_tell(self):
        work(self)
        given_up.set()

    def fdatasync(fd):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(recorder, "SECONDS", 0.01)
    monkeypatch.setattr(recorder.Recorder, "work", work_and_tell)
    monkeypatch.setattr(os, "pwrite", pwrite)
    monkeypatch.setattr(os, "fdatasync", fdatasync)
    assert h.run(*npy_arguments(whole, target)) == 1
    assert len(n_writes) < M / 2
    assert_nothing_left(target)


def test_a_failure_while_the_files_get_their_names(whole, tmp_path, monkeypatch, capsys):
    """Nothing is computed again."""
    target, real, calls = tmp_path / "c{}.f32", os.replace, []

    def replace(path, other):
        calls.append(path)
        if len(calls) == 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(path, other)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        assert h.run(*npy_arguments(whole, target)) == 1
    assert re.search("c2.f32: Input/output error\n.*--resume", capsys.readouterr().err)
    assert h.run(*npy_arguments(whole, target), "--resume") == 0
    assert "samples in" not in capsys.readouterr().err
    assert h.names_in(tmp_path) == sorted(f"c{m}.f32" for m in range(M))
    for m in range(M):
        assert (tmp_path / f"c{m}.f32").read_bytes() == (whole / f"c{m}.f32").read_bytes()


def test_a_failure_while_an_old_journal_goes(whole, target, monkeypatch):
    """It must not tell of samples that are not there any more."""
    from oaconv.command import journal

    stop_midway(whole, target, signal.SIGKILL)
    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "start", fail)
        with pytest.raises(ZeroDivisionError):
            h.run(*npy_arguments(whole, target))
    assert h.run(*npy_arguments(whole, target), "--resume") == 0
    assert target.read_bytes() == (whole / "c.npy").read_bytes()


def fail(*arguments):
    raise ZeroDivisionError


def test_a_signal_that_is_cut_while_we_read(whole, target, monkeypatch, capsys):
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda fd, to, at: 0 if at > 5_000_000 else real(fd, to, at))
    assert h.run(whole / "a.npy", whole / "b.npy", "-o", target, "--threads", "1") == 1
    err = capsys.readouterr().err
    assert re.search("a.npy: ends at byte [0-9]+; somebody shortened it", err)
    assert target.read_bytes() == OLD


def test_few_bytes_at_a_time(tmp_path, monkeypatch):
    """The system may take and give less than is asked for."""
    monkeypatch.chdir(tmp_path)
    rng = h.seeded("few bytes")
    a, b = h.random(rng, (2, 500), "f4"), h.random(rng, (2, 30), "f4")
    np.save("a.npy", a)
    np.save("b.npy", b)
    pwrite, preadv = os.pwrite, os.preadv
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:101], at))
    monkeypatch.setattr(os, "preadv", lambda fd, to, at: preadv(fd, [to[0][:77]], at))
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    h.assert_close(np.load("c.npy"), a, b)


def test_the_journal_says_what_is_done(whole, target):
    """Its lines are JSON, and tell of nothing that is not in the file."""
    stop_midway(whole, target, signal.SIGKILL)
    header, *records = map(json.loads, target.with_name("c.npy.journal").read_text().splitlines())
    assert {"backend", "n_fft", "segment", "hop"} <= set(header["plan"])
    assert header["mode"] == "full"
    c, part = np.load(whole / "c.npy"), np.fromfile(target.with_name("c.npy.part"), "f4")
    part = part[-c.size :].reshape(c.shape)
    for record in records:
        area = slice(*record["rows"]), slice(*record["samples"])
        assert c[area].size
        np.testing.assert_array_equal(part[area], c[area])
