# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of one receiver, split over processes by ZeroMQ: every sample comes back, filtered
by the taps of its channel, whoever starts first, and what goes wrong is said."""
import contextlib
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

import helpers as h

pytest.importorskip("gnuradio.zeromq", reason="no gr-zeromq")

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TIMEOUT = 60  # seconds, for whatever a process is waited for

LENGTHS = [65, 1, 30]  # of the rows of taps
GROUPS = ["0:1", "1:3"]  # of their channels, one for each worker


class Program:
    """A running program of the pair, which prints into a file."""

    def __init__(self, name, arguments, folder, number):
        self.name, self.output = name, folder / f"{number}.log"
        with open(self.output, "w", encoding="utf-8") as output:
            # setpriv: the program ends with this process, whatever ends it.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, EXAMPLES / f"{name}.py",
                 *map(str, arguments)],
                cwd=folder, env=dict(os.environ, OACONV_COST_TABLE="nominal"),
                stdout=output, stderr=subprocess.STDOUT)

    def said(self):
        return self.output.read_text(encoding="utf-8")

    def last_line(self):
        return h.last_line(self.said())

    def wait_until_it_runs(self):
        """Until its own line, which it prints once its flowgraph runs; GNU Radio logs before."""
        h.until(lambda: f"{self.name}: " in self.said() or self.process.poll() is not None,
                f"the first line of {self.name}", TIMEOUT)
        assert self.process.poll() is None, self.said()

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        """The exit status."""
        h.until(lambda: self.process.poll() is not None, f"the end of {self.name}", TIMEOUT)
        return self.process.returncode


@pytest.fixture
def start(tmp_path):
    """start(name, *arguments) -> a Program in tmp_path, killed at the end of the test."""
    programs = []

    def start_one(name, *arguments):
        programs.append(Program(name, arguments, tmp_path, len(programs)))
        return programs[-1]

    yield start_one
    for program in programs:
        program.process.kill()
        program.process.wait()


def wires(groups):
    """Arguments of the workers, and of the front; the sockets are files in the common folder."""
    workers = [[group, f"ipc://out{k}", f"ipc://back{k}"] for k, group in enumerate(groups)]
    front = [word for group, out, back in workers for word in ("--group", group, out, back)]
    return workers, front


@contextlib.contextmanager
def reserved_ports(n):
    """Free ports, which nobody else is given: ZeroMQ may bind where an idle socket is bound."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("", 0))
        yield [one.getsockname()[1] for one in sockets]


class Split:
    """Signals and taps of three channels in files, and what the workers make of them."""

    def __init__(self, folder, kind, n, rng):
        self.folder = folder
        self.streams = h.signals(rng, kind, len(LENGTHS), n)
        self.taps = h.rows(rng, kind, LENGTHS)
        np.save(folder / "signals.npy", self.streams)
        self.save_taps("taps.npy", self.taps)
        self.front = ["--signals", "signals.npy", "--taps", "taps.npy", "--out", "filtered.npy"]

    def save_taps(self, name, taps):
        """Rows of one length, with zeros at the end of shorter ones."""
        rows = np.zeros((len(taps), max(map(len, taps))), taps[0].dtype)
        for row, h_m in zip(rows, taps):
            row[:len(h_m)] = h_m
        np.save(self.folder / name, rows)

    def assert_filtered(self):
        got = np.load(self.folder / "filtered.npy")
        h.assert_filtered(list(got), self.streams, self.taps, flush=True)


def assert_all_end(workers, front):
    """The front by itself, the workers by Ctrl-C, and nobody has a complaint."""
    assert front.wait() == 0, front.said()
    for worker, number in zip(workers, (signal.SIGINT, signal.SIGTERM, signal.SIGINT)):
        assert worker.interrupt(number) == 0, worker.said()
        assert ":error:" not in worker.said() and "Traceback" not in worker.said()


# ---- every sample comes back ----


@pytest.mark.parametrize("kind,n", [("ccc", 1), ("ccf", 1023), ("ccc", 30011), ("ccf", 700001)])
@pytest.mark.parametrize("order", ["workers first", "front first"])
def test_nothing_is_lost(order, kind, n, start, tmp_path, rng):
    """The longest signals are more than all buffers on the way hold."""
    split = Split(tmp_path, kind, n, rng)
    worker_arguments, front_arguments = wires(GROUPS)

    def start_workers():
        started = [start("zeromq_worker", *words, "--taps", "taps.npy")
                   for words in worker_arguments]
        for worker in started:
            worker.wait_until_it_runs()
        return started

    if order == "workers first":
        workers = start_workers()
    front = start("zeromq_front", *front_arguments, *split.front)
    front.wait_until_it_runs()
    if order == "front first":
        workers = start_workers()
    assert_all_end(workers, front)
    split.assert_filtered()


def test_any_hop_and_any_split(start, tmp_path, rng):
    split = Split(tmp_path, "ccc", 5000, rng)
    worker_arguments, front_arguments = wires(["0:1", "1:2", "2:3"])
    workers = [start("zeromq_worker", *words, "--taps", "taps.npy", "--hop", hop)
               for words, hop in zip(worker_arguments, (1, 333, 20000))]
    front = start("zeromq_front", *front_arguments, *split.front, "--hop", 20000)
    assert_all_end(workers, front)
    split.assert_filtered()


def test_the_lines_of_the_readme_work_over_tcp(start):
    """Word for word but for the ports, of which others may have taken those."""
    lines = re.findall(r"^    examples/(zeromq_\w+)\.py (.*?[^\\])$",
                       (ROOT / "README.md").read_text(), re.M | re.S)
    assert sorted(name for name, _ in lines) == ["zeromq_front", "zeromq_worker", "zeromq_worker"]
    text = "\0".join(arguments.replace("\\\n", "") for _, arguments in lines)
    ports = sorted(set(re.findall(r":(\d{4})\b", text)))
    assert len(ports) == 4
    with reserved_ports(len(ports)) as free:
        for port, other in zip(ports, free):
            text = text.replace(f":{port}", f":{other}")
        programs = [start(name, *shlex.split(arguments), *["--samples", 50000] * ("front" in name))
                    for (name, _), arguments in zip(lines, text.split("\0"))]
        front = next(p for p in programs if p.name == "zeromq_front")
        assert_all_end([p for p in programs if p is not front], front)
    n, error = re.search(r"(\d+) samples of every .* largest error (\S+) of", front.said()).groups()
    assert int(n) > 50000 and 0 < float(error) < 1


# ---- what goes wrong is said ----


def test_channels_exchanged_are_noticed(start, tmp_path, rng):
    split = Split(tmp_path, "ccc", 5000, rng)
    split.save_taps("exchanged.npy", [split.taps[m] for m in (0, 2, 1)])
    worker_arguments, front_arguments = wires(GROUPS)
    for words in worker_arguments:
        start("zeromq_worker", *words, "--taps", "exchanged.npy")
    front = start("zeromq_front", *front_arguments, *split.front)
    assert front.wait() == 1
    assert re.match(r"zeromq_front: channel 1: sample \d+ of 5064 is ", front.last_line())
    assert not (tmp_path / "filtered.npy").exists()


def test_ctrl_c_ends_a_front_whose_workers_do_not_come(start):
    front = start("zeromq_front", *wires(GROUPS)[1], "--samples", 5000)
    front.wait_until_it_runs()
    assert front.interrupt() == 130
    lines = [line for line in front.said().splitlines() if "interrupted" in line]
    assert len(lines) == 2 and front.last_line() == lines[1]
    for line, address in zip(lines, ("ipc://back0", "ipc://back1")):
        assert re.fullmatch(r"zeromq_front: interrupted; 0 of \d+ samples had come back from "
                            + address, line)


REFUSED = {
    "worker, address": ("zeromq_worker", "0:1 ipc://out nonsense", "nonsense"),
    "worker, no taps": ("zeromq_worker", "0:1 ipc://out ipc://back --taps none.npy", "none.npy"),
    "worker, too few taps": ("zeromq_worker", "0:4 ipc://out ipc://back --taps taps.npy",
                             "taps.npy: need a row of taps for each channel up to 3"),
    "worker, hop": ("zeromq_worker", "0:1 ipc://out ipc://back --hop -1", "hop"),
    "worker, channels": ("zeromq_worker", "4:4 ipc://out ipc://back", "4:4: not channels such as"),
    "front, channels": ("zeromq_front", "--group x ipc://a ipc://b", "x: not channels such as"),
    "front, address": ("zeromq_front", "--group 0:1 ipc://out nonsense", "nonsense"),
    "front, a gap": ("zeromq_front", "--group 0:1 ipc://a ipc://b --group 2:3 ipc://c ipc://d",
                     "a group begins with channel 2, not 1"),
    "front, too few signals": ("zeromq_front", "--group 0:4 ipc://a ipc://b --signals signals.npy",
                               "signals.npy: need 4 rows of samples"),
    "front, no signals": ("zeromq_front", "--group 0:1 ipc://a ipc://b --samples 0",
                          "noise: need 1 rows of samples"),
}


@pytest.mark.parametrize("name,arguments,message", REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused(name, arguments, message, start, tmp_path, rng):
    Split(tmp_path, "ccc", 10, rng)
    program = start(name, *arguments.split())
    assert program.wait() == 1
    assert program.last_line().startswith(f"{name}: ") and message in program.last_line()
