# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command with every argument at its extremes, all others at their defaults, one case
after another in this process, and prints a line before and after each: should the process die, the
last line names the case.

    command_extremes.py GROUP
"""

import contextlib
import json
import os
import re
import signal
import socket
import sys
import tempfile
import traceback

import command_helpers as h
import numpy as np
from oaconv.command import main

LONGEST = 60  # seconds for a case; SIGALRM ends the process then
NOBODY = 65534
M, N, P = 3, 60, 5

NUMBERS = [
    *("0", "1", "2", "3", "-1", "-0", "+1", " 1", "01", "1.0", "1e3", "1_0", "0x10", "nan", "inf"),
    *("None", "\u0661", "\uff11", "1\n", "9" * 5000),
    *(str(2**power - less) for power in (31, 32, 63, 64, 200) for less in (1, 0)),
    *(str(-(2**power) - more) for power in (31, 63, 64) for more in (0, 1)),
]
WORDS = ["", " ", "x", "\n", "FULL", "full ", "\u20ac", "\udcff", "\0", "x" * 5000, "%s%n", "{}"]
CHOICES = {
    "--mode": ["full", "same", "valid"],
    "--format": ["f32", "cf32", "ci16"],
    "--backend": ["auto", "cpu", "gpu", "cuda", "simd", "volk", "direct", "fir"],
}
ENDINGS = {
    "A": ["npy", "f32", "ci16"],
    "B": ["npy", "npz", "txt", "cf32"],
    "C": ["npy", "f32", "cf32", "txt"],
}


def default(**other):
    """Arguments, some of the files others."""
    names = {"A": "a.npy", "B": "b.npy", "C": "c.npy", **other}
    return [names["A"], names["B"], "-o", names["C"]]


# ---- cases: lists of arguments ----


def options():
    for option, choices in CHOICES.items():
        signal_file = "one.f32" if option == "--format" else "one.npy"
        for word in choices + WORDS:
            yield [*default(A=signal_file, B="row.npy"), option, word]
    for number in NUMBERS:
        yield [*default(), "--threads", number]
        yield [*default(), "--memory", number]
    for number in "0", "1", "-1", "nan", str(2**34), str(2**64):
        yield from ([*default(), "--memory", number + unit] for unit in ("K", "G", "T", "g", "MB"))
    for option in "--resume", "--check", "--quiet", "--version", "--help":
        yield from ([*default(), option], [*default(), option, option], [*default(), option + "=1"])
    yield from ([*default(), "--fast\n"], [*default(), "x\udcff"], [*default(), "-o", ""])
    yield from ([], ["--"], ["-"], ["-", "-", "-o", "-"], ["-o"], default()[:2], default()[:-1])


def rows():
    for number in NUMBERS:
        yield from ([*default(), f"--rows={text}"] for text in (number, f"{number}:", f":{number}"))
    for number in "1", "-1", str(2**64), str(-(2**64)):
        yield from ([*default(), f"--rows={number}:{other}"] for other in ("2", "-1", "0", number))
    yield from ([*default(), "--rows", word] for word in [*WORDS, ":", "::", "0:1:1", "-1:", "2:1"])


def channels():
    for number in NUMBERS + WORDS:
        for name in "a.f32", "a{}.f32", "a.npy":
            yield [*default(A=name, B="row.npy"), "--channels", number]


def paths():
    for argument in "ABC":
        for name in names(argument):
            yield default(**{argument: name})
    for kind in "missing", "empty", "folder", "fifo", "unreadable":
        yield [*default(A=f"{kind}{{}}.f32", B="row.npy"), "--channels", "3"]
        yield [*default(A=f"{kind}", B="row.npy"), "--format", "f32"]


def names(argument):
    """Things of any kind in the place of a file."""
    kinds = ["missing", "folder", "fifo", "socket", "loop", "dangling", "device", "unreadable"]
    kinds += ["empty", "there/missing", "a.npy/below", "folder/x", "line\nbreak", "\udcff", "\0"]
    kinds += ["x" * 250, "x" * 5000, "\u20ac \u202e", "{}", "{:9d}", "{:99999d}", "%s", " ", ""]
    for kind in kinds:
        yield kind
        yield from (f"{kind}.{ending}" for ending in ENDINGS[argument])
    yield from ("/", "..", "/dev/null", "/dev/full", "/dev/stdin", "/dev/fd/0", "-", "--", "-x")
    yield from ("/proc/self/mem", "/proc/self/maps")
    yield from ("a.npy", "b.npy", "./a.npy", "hard.npy", "soft.npy")


def sizes():
    for name in sorted(os.listdir()):
        if name.startswith("cut-a"):
            yield default(A=name, B="row.npy")
        elif name.startswith("cut"):
            yield default(B=name)


GROUPS = {"options": options, "rows": rows, "channels": channels, "paths": paths, "sizes": sizes}


# ---- the files ----


def make_files():
    rng = h.seeded("extremes")
    a, b = h.random(rng, (M, N), "f4"), h.random(rng, (M, P), "f4")
    np.savez("b.npz", *b)
    np.savetxt("b.txt", b)
    np.savetxt("b.csv", b, delimiter=";")
    for name, x in ("a", a), ("b", b):
        np.save(f"{name}.npy", x)
        x.T.tofile(f"{name}.f32")
        x.astype("<c8").tofile(f"{name}.cf32")
        np.arange(80, dtype="<i2").tofile(f"{name}.ci16")
    for name in [name for name in os.listdir() if name[0] in "ab"]:
        make_cut_ones(name)
    for m, row in enumerate(a):
        row.tofile(f"a{m}.f32")
    np.save("one.npy", a[:1])
    a[:1].tofile("one.f32")
    np.save("row.npy", b[:1])
    make_things()


def make_cut_ones(name):
    """The file cut short, and with more than belongs to it."""
    with open(name, "rb") as stream:
        whole = stream.read()
    stem, ending = name.split(".")
    size = len(whole)
    cuts = {0, 1, 2, 3, 4, 6, 8, 10, 64, 127, 128, 129, size // 2, size - 8, size - 1}
    contents = [whole[:cut] for cut in sorted(cuts)] + [whole + bytes(1), whole + bytes(8)]
    for content in contents:
        with open(f"cut-{stem}-{len(content)}.{ending}", "wb") as stream:
            stream.write(content)


def make_things():
    """What names() names."""
    for ending in ["", *(f".{ending}" for ending in sorted(set(sum(ENDINGS.values(), []))))]:
        os.mkdir(f"folder{ending}")
        os.mkfifo(f"fifo{ending}")
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(f"socket{ending}")
        os.symlink(f"loop{ending}", f"loop{ending}")
        os.symlink(f"nowhere{ending}", f"dangling{ending}")
        os.symlink("/dev/zero", f"device{ending}")
        for name, mode in ("empty", 0o644), ("unreadable", 0):
            open(f"{name}{ending}", "wb").close()
            os.chmod(f"{name}{ending}", mode)
    os.link("a.npy", "hard.npy")
    os.symlink("a.npy", "soft.npy")


# ---- running ----


def run(arguments):
    """Status, what was said, and what is wrong with it, or ""."""
    before = state()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace") as words:
        with contextlib.redirect_stderr(words), contextlib.redirect_stdout(words):
            try:
                status, wrong = main(arguments), ""
            except SystemExit as end:
                status, wrong = end.code, ""
            except BaseException:
                status, wrong = None, traceback.format_exc()
        words.seek(0)
        said = words.read()
    wrong = wrong or judge(arguments, status, said, before)
    restore(before)
    return status, said, wrong


def state():
    """What the folder holds."""
    status = {name: os.lstat(name) for name in os.listdir()}
    return {name: (s.st_mode, s.st_ino, s.st_size, s.st_mtime_ns) for name, s in status.items()}


def restore(before):
    for name in set(os.listdir()) - set(before):
        os.unlink(name)


def judge(arguments, status, said, before):
    if status == 2:
        last = (said.splitlines() or [""])[-1]
        if not last.startswith("oaconv: ") or not last.isprintable():
            return "no line that says why"
        after = state()
        touched = [n for n in {*before, *after} if before.get(n) != after.get(n)]
        return f"refused, but touched {touched}" if touched else ""
    if status != 0:
        return "what could be seen before failed while working"
    if {"--version", "--help"} & set(arguments):
        return ""
    return wrong_result(arguments)


def wrong_result(arguments):
    """How the result differs from what the files give, or ""."""
    signal_name, taps_name, _, result_name, *rest = arguments
    options = dict(zip(rest[::2], rest[1::2]))
    a = signal_rows(signal_name, options.get("--format"), int(options.get("--channels", 1)))
    b, c = taps_rows(taps_name), result_rows(result_name, a)
    wanted = range(len(a))[rows_of(rest)]
    try:
        for m in range(len(a)):
            if m not in wanted:
                assert not c[m].any()
            elif a.size:
                h.assert_close(c[m], a[m], b[m % len(b)], options.get("--mode", "full"))
        assert a.size or not c.size
    except AssertionError:
        return traceback.format_exc()
    return ""


def signal_rows(name, form, n_channels):
    form = form or name.rsplit(".", 1)[1]
    if "{" in name:
        return np.array([np.fromfile(name.format(m), "<f4") for m in range(n_channels)])
    return h.rows_of(np.load(name)) if form == "npy" else raw_rows(name, form, n_channels)


def raw_rows(name, form, n_channels=1):
    numbers = np.fromfile(name, {"f32": "<f4", "cf32": "<c8", "ci16": "<i2"}[form])
    numbers = numbers[::2] + 1j * numbers[1::2] if form == "ci16" else numbers
    return numbers.reshape(-1, n_channels).T


def taps_rows(name):
    ending = name.rsplit(".", 1)[-1]
    if ending in ("f32", "cf32", "ci16"):
        return raw_rows(name, ending)
    if ending == "npz":
        with np.load(name) as stored:
            return np.array([stored[key] for key in stored.files])
    if ending == "npy":
        return h.rows_of(np.load(name))
    with open(name, encoding="utf-8") as stream:
        lines = [re.split("[; ]", line.strip()) for line in stream]
    rows = np.zeros((len(lines), max(map(len, lines))))
    for row, words in zip(rows, lines):
        row[: len(words)] = list(map(float, words))
    return rows


def result_rows(name, a):
    """Also of an array that is not complete yet."""
    name = os.path.realpath(name) if os.path.islink(name) else name
    if "{" in name and not name.endswith(".npy"):
        form = name.rsplit(".", 1)[1]
        return np.array([raw_rows(name.format(m), form)[0] for m in range(len(a))])
    if not os.path.exists(name):
        name += ".part"
    if name.endswith("f32"):
        return raw_rows(name, name.rsplit(".", 1)[1], len(a))
    with open(name, "rb") as stream:
        return h.rows_of(np.load(stream))


def rows_of(rest):
    text = "".join(rest).partition("--rows")[2].lstrip("=") or ":"
    return slice(*(int(part) if part else None for part in text.split(":")))


def run_group(group):
    for arguments in GROUPS[group]():
        print(json.dumps(arguments), flush=True)
        signal.alarm(LONGEST)
        status, said, wrong = run(arguments)
        signal.alarm(0)
        print(json.dumps([status, said[-500:], wrong]), flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        make_files()
        if os.getuid() == 0:  # who may read everything
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            run_group(sys.argv[1])
        finally:
            os.seteuid(os.getuid())
