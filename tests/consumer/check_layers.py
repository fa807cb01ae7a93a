#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that dependencies point down only, and names in the engine: check_layers.py PROJECT

Reads the includes of every C and C++ file and compares them with what its layer may include.
"""
import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

# Besides patterns: files of the same folder; headers of the C++ library, such as <vector>.
OWN, CXX = object(), object()
C = [
    f"{name}.h"
    for name in "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp"
    " signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string"
    " tgmath threads time uchar wchar wctype".split()
]
POSIX = ["pthread.h", "unistd.h", "dlfcn.h", "sched.h", "sys/*.h"]
PUBLIC = ["oaconv/oaconv.h"]
GNURADIO = C + POSIX + [CXX, "gnuradio/*", "gnuradio/*/*", "pmt/*", "volk/*", "boost/*"]
SHARED_WITH_GPU_MODULES = [
    "backends/polyphase.h",
    "backends/gpu/gpu_module.h",
    "base/clock.h",
    "base/sizes.h",
]
GPU_REPORT = PUBLIC + ["oaconv/private/gpu_report.h"]  # not installed
BASE = C + POSIX + PUBLIC + ["base/*"]

# What the files of a folder may include; the first pattern that matches a path decides. Folders of
# the engine are named from lib/core on, as its files include them.
LAYERS = [
    ("include/oaconv/private/*", C + PUBLIC),
    ("include/oaconv/*", C),
    ("include/gnuradio/oaconv/*", GNURADIO),
    ("lib/core/base/*", BASE),
    ("lib/core/plan/*", C + PUBLIC + ["base/element.h", "base/sizes.h", "plan/*"]),
    ("lib/core/backends/volk/fftw*", BASE + ["backends/volk/fftw*", "fftw3.h"]),
    ("lib/core/backends/volk/volk_kernels.h", C + ["base/precision.h", "volk/*"]),
    ("lib/core/backends/volk/*", BASE + ["plan/*", "backends/*.h", "backends/volk/*"]),
    ("lib/core/backends/simd/vector.h", C + ["*intrin.h"]),
    ("lib/core/backends/simd/kernel.*", C + ["backends/simd/*"]),
    ("lib/core/backends/simd/*", BASE + ["plan/*", "backends/*.h", "backends/simd/*"]),
    ("lib/core/backends/gpu/gpu_module.h", C + GPU_REPORT),
    ("lib/core/backends/gpu/*", BASE + GPU_REPORT + ["plan/*", "backends/*.h", "backends/gpu/*"]),
    ("lib/core/backends/*", BASE + GPU_REPORT + ["plan/*", "backends/*.h"]),
    (
        "lib/core/calibrate/*",
        BASE + ["version.h", "plan/*", "backends/backend.h", "backends/simd/*.h", "calibrate/*"],
    ),
    ("lib/core/*/*", []),  # a new folder has its place among those above
    (
        "lib/core/*",
        BASE
        + GPU_REPORT
        + ["version.h", "plan/*", "backends/*.h", "backends/gpu/gpu_loader.h"]
        + ["backends/volk/fftw_lock.h", "calibrate/*", OWN],
    ),
    ("cuda/gpu_plan.[ch]", C + ["gpu_plan.h", "base/sizes.h"]),
    ("cuda/kernels.*", C + ["kernels.h", "cuda_runtime_api.h"]),
    (
        "cuda/*",
        C + POSIX + [*SHARED_WITH_GPU_MODULES, "cuda_runtime_api.h", "cufft.h", OWN],
    ),
    ("lib/gnuradio/*", GNURADIO + PUBLIC + [OWN]),
    ("python/*", GNURADIO + PUBLIC + ["pybind11/*", "Python.h", "numpy/*", OWN]),
    ("apps/*", C + GPU_REPORT + ["getopt.h", OWN]),
    ("examples/*", ["*"]),
    ("bench/*", ["*"]),
    ("tests/*", ["*"]),
]
SOURCES = {".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".cuh"}
FOLDERS = sorted({path.split("/")[0] for path, _ in LAYERS})
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)"|(.*))', re.M)
STATIC = re.compile(r"^(?:static|INLINE)\b[^;={}#/]*?\b(\w+)\([^;{}]*\)\n\{", re.M)


def is_own(path, included):
    return (path.parent / included).is_file() and "/" not in included


def is_engine_internal(project, path, included):
    """Whether a file outside the engine reaches for one of its private headers."""
    core, its_tests = project / "lib" / "core", project / "tests" / "parts"
    if {core, its_tests} & set(path.parents) or included in SHARED_WITH_GPU_MODULES:
        return False
    if core in Path(os.path.normpath(path.parent / included)).parents:
        return True
    parts = path.relative_to(project).parts
    own = project.joinpath(*parts[: 2 if parts[0] == "lib" else 1])
    if "/" not in included and any(own.rglob(included)):
        return False
    return any(header.match(included) for header in core.rglob("*.h"))


def allowed_in(project, path):
    relative = path.relative_to(project).as_posix()
    return next((allowed for pattern, allowed in LAYERS if fnmatchcase(relative, pattern)), [])


def matches(included, pattern):
    """As fnmatch, but a star does not reach into a folder below."""
    return pattern == "*" or (
        included.count("/") == pattern.count("/") and fnmatchcase(included, pattern)
    )


def is_allowed(path, included, allowed):
    if OWN in allowed and is_own(path, included):
        return True
    if CXX in allowed and re.fullmatch("[a-z_]+", included):
        return True
    return any(matches(included, pattern) for pattern in allowed if isinstance(pattern, str))


def violations(project):
    """Lines "file: includes what", one for each include that points the wrong way."""
    found = []
    for folder in FOLDERS:
        for path in sorted((project / folder).rglob("*")):
            if path.suffix not in SOURCES:
                continue
            allowed = allowed_in(project, path)
            for system, local, computed in INCLUDE.findall(path.read_text()):
                included = system or local or computed.strip()
                if is_engine_internal(project, path, included) or not is_allowed(
                    path, included, allowed
                ):
                    found.append(f"{path.relative_to(project)}: must not include {included}")
    return found


def cycles(project):
    """Lines "headers: a -> b -> a", one for each header of the engine that includes itself."""
    core = project / "lib" / "core"
    includes = {}
    for header in sorted(core.rglob("*.h")):
        local = [found[1] for found in INCLUDE.findall(header.read_text()) if found[1]]
        includes[header] = [core / name for name in local if (core / name).is_file()]
    found = []

    def follow(way):
        for header in includes[way[-1]]:
            if header == way[0]:
                names = (step.relative_to(core).as_posix() for step in [*way, header])
                found.append("headers: " + " -> ".join(names))
            elif header not in way:
                follow([*way, header])

    for header in includes:
        follow([header])
    return found


def namesakes(project):
    """Lines "function: files", for static functions of one name in two files of the engine, which a
    profiler, a debugger and the trace of a sanitizer cannot tell apart."""
    files = {}
    for folder in (project / "lib" / "core", project / "cuda"):
        for path in sorted(folder.rglob("*.[ch]")):
            for name in STATIC.findall(path.read_text()):
                files.setdefault(name, set()).add(path.relative_to(project).as_posix())
    return [f"{name}(): {', '.join(sorted(at))}" for name, at in files.items() if len(at) > 1]


def main():
    project = Path(sys.argv[1]).resolve()
    if not (project / "include" / "oaconv" / "oaconv.h").is_file():
        sys.exit(f"{project} is not the project")
    found = violations(project) + cycles(project) + namesakes(project)
    print("\n".join(found) or "dependencies point down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
