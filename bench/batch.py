#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures rows of arrays and of files beside SciPy, torch and cp: batch.py [--help]

Every implementation has its result compared with sums in double precision before it is timed. Those of a
setting follow each other in every round, every other round backwards. Nothing is judged here:
batch_report.py makes tables of the JSON.
"""
import argparse
import contextlib
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import numpy as np  # noqa: E402
import oaconv  # noqa: E402
import scipy  # noqa: E402
from scipy import signal  # noqa: E402

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None

SPOTS = 200
ALLOWED_ERROR = 2e-5  # of what the sum's terms add up to; all are in single precision


def ours(**options):
    return lambda a, b: oaconv.convolve(a, b, **options)


class Ours:
    """With a result that is there already, as for a memory map."""

    def __init__(self, **options):
        self._options, self._out = options, None

    def __call__(self, a, b):
        shape = len(a), a.shape[1] + b.shape[1] - 1
        if self._out is None or self._out.shape != shape:
            self._out = np.zeros(shape, a.dtype)
        return oaconv.convolve(a, b, out=self._out, **self._options)


def scipy_oaconvolve(a, b):
    return signal.oaconvolve(a, b, axes=1)


def scipy_fftconvolve(a, b):
    return signal.fftconvolve(a, b, axes=1)


def scipy_rows(a, b):
    return np.vstack([signal.convolve(x, h) for x, h in zip(a, b)])


def torch_conv1d(a, b):
    """Depthwise, that is, grouped: what torch calls a convolution wants reversed taps."""
    flipped = torch.from_numpy(b[:, ::-1].copy())[:, None]
    x = torch.from_numpy(a)[None]
    with torch.no_grad():
        return torch.nn.functional.conv1d(x, flipped, padding=b.shape[1] - 1, groups=len(a))[0].numpy()


IMPLEMENTATIONS = {
    "simd, 1 thread": ours(backend="simd", threads=1),
    "simd, 1 thread, out=": Ours(backend="simd", threads=1),
    "simd, 2 threads": ours(backend="simd", threads=2),
    "simd, 2 threads, out=": Ours(backend="simd", threads=2),
    "volk, 1 thread": ours(backend="volk", threads=1),
    "scipy.oaconvolve": scipy_oaconvolve,
    "scipy.fftconvolve": scipy_fftconvolve,
    "loop of scipy.convolve": scipy_rows,
    "torch conv1d": torch_conv1d,
}
FEWEST_ROUNDS, SLOW = 3, 2.0  # rounds of what takes so many seconds
TORCH_MOST_TAPS = 256  # direct sums: beyond, a round would take minutes


def implementations(n_taps):
    return {
        name: run
        for name, run in IMPLEMENTATIONS.items()
        if name != "torch conv1d" or (torch and n_taps <= TORCH_MOST_TAPS)
    }


def make_rows(n_rows, n, n_taps, seed=1):
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n_rows, n), np.float32), rng.standard_normal((n_rows, n_taps))
    return a, b.astype(np.float32)


def check(name, c, a, b):
    """Ends the benchmark where random spots are not the sum in double precision."""
    n, n_taps = a.shape[1], b.shape[1]
    if c.shape != (len(a), n + n_taps - 1):
        sys.exit(f"{name}: shape {c.shape}")
    rng = np.random.default_rng(2)
    for m, t in zip(rng.integers(0, len(a), SPOTS), rng.integers(0, c.shape[1], SPOTS)):
        k = np.arange(max(0, t - n + 1), min(n_taps, t + 1))
        terms = b[m, k].astype(float) * a[m, t - k].astype(float)
        if not abs(c[m, t] - terms.sum()) <= ALLOWED_ERROR * max(np.abs(terms).sum(), 1e-3):
            sys.exit(f"{name}: wrong at row {m}, sample {t}: {c[m, t]}, not {terms.sum()}")


def seconds_of(run, a, b):
    start = time.perf_counter()
    run(a, b)
    return time.perf_counter() - start


def measure_speed(n_rows, n, n_taps, rounds):
    a, b = make_rows(n_rows, n, n_taps)
    runs = implementations(n_taps)
    for name, run in runs.items():
        check(name, run(a, b), a, b)
    taken = {name: [] for name in runs}
    for i in range(rounds):
        for name in list(runs) if i % 2 == 0 else list(runs)[::-1]:
            if len(taken[name]) < FEWEST_ROUNDS or taken[name][0] < SLOW:
                taken[name].append(seconds_of(runs[name], a, b))
    return [
        {"name": name, "rows": n_rows, "samples": n, "taps": n_taps, "seconds": seconds}
        for name, seconds in taken.items()
    ]


def peak_of_child(name, n_rows, n, n_taps):
    """Bytes at the peak on top of a and b, for one call in a process of its own."""
    arguments = ["--child", name, str(n_rows), str(n), str(n_taps)]
    child = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, capture_output=True, text=True
    )
    return int(child.stdout)


def be_child(name, n_rows, n, n_taps):
    """Prints what a call takes at its peak, the result included."""
    run = IMPLEMENTATIONS[name]
    small = make_rows(n_rows, 1000, n_taps)
    run(*small)
    a, b = make_rows(n_rows, n, n_taps)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
    before = memory("VmRSS")
    run(a, b)
    print(memory("VmHWM") - before)


def memory(what, process="self"):
    """Bytes of a kind of memory, as the system counts them."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes.get(what, "0").split()[0]) * 1024


def measure_memory(n_rows, n, n_taps):
    return [
        {"name": name, "taps": n_taps, "peak": peak_of_child(name, n_rows, n, n_taps)}
        for name in implementations(n_taps)
        if "threads" not in name or "2" in name
    ]


def timed(command):
    """Seconds, and the largest resident memory, of a command."""
    start = time.perf_counter()
    child = subprocess.Popen(command)
    peak = 0
    while child.poll() is None:
        with contextlib.suppress(OSError, ValueError):  # it may be gone
            peak = max(peak, memory("VmHWM", child.pid))
        time.sleep(0.01)
    if child.returncode:
        sys.exit(f"{command} failed")
    return {"seconds": time.perf_counter() - start, "peak": peak}


def check_file(path, source, b):
    c, a = np.load(path, mmap_mode="r"), np.load(source, mmap_mode="r")
    check(str(path), c, a, b)


def measure_disk(folder, n_rows, n, n_taps, rounds):
    """From file to file: ours, cp, and cp that waits until all is on the disk, as ours does."""
    with tempfile.TemporaryDirectory(dir=folder) as work:
        source, taps, result, copy = (Path(work) / name for name in ("a.npy", "b.npy", "c.npy", "d.npy"))
        a = np.lib.format.open_memmap(source, "w+", np.float32, (n_rows, n))
        for m in range(n_rows):
            a[m] = np.random.default_rng(m).standard_normal(n, np.float32)
        del a
        b = make_rows(n_rows, 1, n_taps)[1]
        np.save(taps, b)
        command = [sys.executable, "-m", "oaconv", str(source), str(taps), "-o", str(result), "--quiet"]
        ways = {
            "oaconv": command,
            "cp": ["cp", source, copy],
            "cp and sync": ["sh", "-c", f"cp '{source}' '{copy}' && sync '{copy}'"],
        }
        taken = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                result.unlink(missing_ok=True)
                copy.unlink(missing_ok=True)
                subprocess.run(["sync"], check=True)
                taken[name].append(timed(way))
                if name == "oaconv" and len(taken[name]) == 1:
                    check_file(result, source, b)
    return [{"name": name, "bytes": 4 * n_rows * n, "taps": n_taps, "rounds": runs} for name, runs in taken.items()]


def machine():
    processors = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(": ")[1] for line in processors if line.startswith("model name")), "?")
    simd = next(reason for name, _, reason in oaconv.backends() if name == "simd")
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "simd": simd,
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "torch": torch.__version__ if torch else None,
            "oaconv": oaconv.__version__,
        },
    }


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("batch.json"), help="the JSON file to write")
    parser.add_argument("--quick", action="store_true", help="smaller, fewer rounds")
    parser.add_argument("--only", choices=["speed", "memory", "disk"])
    parser.add_argument("--disk", type=Path, help="a folder with 18 GB free; without it no disk is measured")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse()
    if arguments.child:
        name, *sizes = arguments.child
        be_child(name, *map(int, sizes))
        return
    n_rows, n, rounds = (16, 1 << 18, 3) if arguments.quick else (16, 1 << 20, 7)
    gigabytes = 1 if arguments.quick else 8
    wanted = [arguments.only] if arguments.only else ["speed", "memory", "disk"]
    measured = {
        "machine": machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "load_before": os.getloadavg()[0],
        "speed": [],
        "memory": [],
        "disk": [],
    }
    if "speed" in wanted:
        for n_taps in (16, 64, 256, 1024):
            measured["speed"] += measure_speed(n_rows, n, n_taps, rounds)
    if "memory" in wanted:
        measured["memory"] = measure_memory(n_rows, n, 64)
    if "disk" in wanted and arguments.disk:
        measured["disk"] = measure_disk(
            arguments.disk, 16, gigabytes << 24, 64, 2 if arguments.quick else 3
        )
    arguments.out.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
