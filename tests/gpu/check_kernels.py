#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates that kernels must pass: check_kernels.py NVCC FLAGS KERNELS.cu PTX MODULE ARCHITECTURES

FLAGS are those of the build, in one argument: they must refuse a kernel that keeps an array
in local memory, and must not refuse ours. The PTX must be free of everything that ties threads
together. The module must have code for every architecture that is asked for, and PTX for later ones.
"""
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

FORBIDDEN = re.compile(
    r"^\s*(?:@!?%p\d+\s+)?(bar|barrier|atom|red|shfl|vote|match|activemask|membar|fence|mbarrier|cp|call)\b"
    r"|\.(?:shared|local)\b",
    re.M,
)
IN_LOCAL_MEMORY = """
extern "C" __global__ void sums(float *x, const int *order)
{
    float kept[64];
    for (int i = 0; i < 64; i++)
        kept[order[i]] = x[i];
    for (int i = 0; i < 64; i++)
        x[order[63 - i]] = kept[order[i]];
}
"""
TIED_TOGETHER = """
extern "C" __global__ void sum(float *x)
{
    __shared__ float part[32];
    part[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    atomicAdd(x, part[31 - threadIdx.x]);
}
"""


def compiles(nvcc, flags, source, folder):
    command = [nvcc, "-O3", "-std=c++17", *flags, "-arch=sm_75", "-c", source, "-o", folder / "x.o"]
    return subprocess.run(command, capture_output=True, text=True)


def ptx_of(nvcc, source, folder):
    subprocess.run(
        [nvcc, "-O3", "-arch=compute_75", "-ptx", source, "-o", folder / "x.ptx"], check=True
    )
    return (folder / "x.ptx").read_text()


def write(folder, name, text):
    (folder / name).write_text(text)
    return folder / name


def images(module):
    """(kind, architecture) of every image in the fat binaries of a file; kind 1 is PTX, 2 is code."""
    data, at, found = Path(module).read_bytes(), 0, set()
    while (at := data.find(b"\x50\xed\x55\xba", at)) >= 0:
        version, header, size = struct.unpack_from("<HHQ", data, at + 4)
        if version != 1 or header != 16 or not size or at + header + size > len(data):
            at += 4
            continue
        entry, end = at + header, at + header + size
        while entry < end:
            kind, _, entry_header, entry_size = struct.unpack_from("<HHIQ", data, entry)
            found.add((kind, struct.unpack_from("<I", data, entry + 0x1C)[0]))
            entry += entry_header + entry_size
        at = end
    return found


def expected_architectures(nvcc, asked):
    """Numbers of real architectures that a value of CMAKE_CUDA_ARCHITECTURES stands for."""
    if asked not in ("all", "all-major"):
        return {int(re.match(r"\d+", name)[0]) for name in asked.split(";") if "virtual" not in name}
    listed = subprocess.run([nvcc, "--list-gpu-code"], capture_output=True, text=True, check=True)
    known = {int(n) for n in re.findall(r"sm_(\d+)$", listed.stdout, re.M)}
    return known if asked == "all" else {n for n in known if n % 10 == 0} | {min(known)}


def problems(nvcc, flags, kernels, ptx, module, asked):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = compiles(nvcc, flags, kernels, folder)
        if ours.returncode:
            yield f"{kernels} does not pass the gates: {ours.stderr}"
        if not compiles(nvcc, flags, write(folder, "a.cu", IN_LOCAL_MEMORY), folder).returncode:
            yield "the flags let a kernel pass that keeps an array in local memory"
        if not FORBIDDEN.search(ptx_of(nvcc, write(folder, "b.cu", TIED_TOGETHER), folder)):
            yield "barriers, atomics and shared memory are not noticed"
    for match in FORBIDDEN.finditer(Path(ptx).read_text()):
        yield f"the kernels use {match[0].strip()}"
    found = images(module)
    missing = expected_architectures(nvcc, asked) - {n for kind, n in found if kind == 2}
    if missing:
        yield f"{module} has no code for {sorted(missing)}, only {sorted(found)}"
    if asked in ("all", "all-major") and not any(kind == 1 for kind, _ in found):
        yield f"{module} has no PTX for later architectures"


def main():
    nvcc, flags, *files = sys.argv[1:]
    found = list(problems(nvcc, flags.split(), *files))
    print("\n".join(found) or "the kernels pass all gates")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
