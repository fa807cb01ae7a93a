#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that dependencies point down only: check_layers.py PROJECT

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
BACKEND = C + PUBLIC + ["backend.h", "plan.h", "cost.h", "taps.h", "error.h", "memory.h"]
EITHER = BACKEND + ["each_precision.h"]
GNURADIO = C + POSIX + [CXX, "gnuradio/*", "pmt/*", "volk/*", "boost/*"]

# What a file may include; the first pattern that matches its path decides.
LAYERS = [
    ("include/oaconv/*", C),
    ("include/gnuradio/oaconv/*", GNURADIO),
    ("lib/core/error.[ch]", C + PUBLIC + ["error.h"]),
    ("lib/core/memory.[ch]", C + POSIX + ["memory.h"]),
    ("lib/core/cost.[ch]", C + ["cost.h"]),
    ("lib/core/cost_table.h", C + ["cost.h"]),
    ("lib/core/cost_file.c", C + ["c_locale.h", "cost.h", "cost_table.h", "unistd.h"]),
    ("lib/core/c_locale.[ch]", C + ["c_locale.h"]),
    (
        "lib/core/cost_table.c",
        C + POSIX + ["cost_table.h", "process_lock.h", "simd_kernel.h", "version.h"],
    ),
    ("lib/core/cost_measure.c", BACKEND + ["cost_table.h", "simd_fft.h", "unistd.h"]),
    ("lib/core/element.h", C + PUBLIC),
    ("lib/core/each_precision.h", C),
    ("lib/core/plan.[ch]", C + PUBLIC + ["plan.h", "cost.h", "element.h"]),
    ("lib/core/taps.[ch]", C + PUBLIC + ["taps.h", "element.h", "error.h", "memory.h"]),
    ("lib/core/planner.[ch]", C + PUBLIC + ["planner.h", "process_lock.h"]),
    ("lib/core/fft.h", C + ["each_precision.h"]),
    ("lib/core/fft.c", C + ["fft.h", "memory.h", "planner.h", "fftw3.h"]),
    ("lib/core/log.[ch]", C + PUBLIC + ["log.h"]),
    ("lib/core/pointers.[ch]", C + PUBLIC + ["pointers.h", "error.h"]),
    ("lib/core/environment.[ch]", C + PUBLIC + ["c_locale.h", "environment.h", "error.h"]),
    ("lib/core/gpu_module.h", C + PUBLIC),
    ("lib/core/gpu_loader.[ch]", C + POSIX + ["gpu_module.h", "gpu_loader.h", "process_lock.h"]),
    ("lib/core/backend.h", C + PUBLIC + ["plan.h", "taps.h"]),
    ("lib/core/direct.c", EITHER + ["branch.h"]),
    ("lib/core/volk_kernels.h", C + ["each_precision.h", "volk/*"]),
    ("lib/core/volk.c", EITHER + ["branch.h", "fft.h", "pthread.h", "volk_kernels.h"]),
    ("lib/core/deal.[ch]", C + ["deal.h"]),
    ("lib/core/branch.h", C),
    ("lib/core/simd.c", BACKEND + ["branch.h", "deal.h", "simd_kernel.h"]),
    ("lib/core/simd_fft.[ch]", C + ["simd_fft.h", "memory.h", "process_lock.h"]),
    ("lib/core/process_lock.[ch]", C + ["process_lock.h", "pthread.h"]),
    ("lib/core/simd_vector.h", C + ["*intrin.h"]),
    ("lib/core/simd_kernel.[ch]", C + ["simd_fft.h", "simd_kernel.h", "simd_vector.h"]),
    ("lib/core/simd_choice.c", C + ["simd_kernel.h", "pthread.h"]),
    ("lib/core/cuda.c", BACKEND + ["environment.h", "gpu_loader.h"]),
    ("lib/core/engine.h", ["backend.h", "pool.h"]),
    ("lib/core/engine.c", BACKEND + ["engine.h", "cost_table.h"]),
    ("lib/core/race.c", BACKEND + ["engine.h", "time.h"]),
    (
        "lib/core/whole_rows.c",
        C + PUBLIC + ["branch.h", "error.h", "memory.h", "pointers.h", "structs.h", "taps.h"],
    ),
    ("lib/core/*", C + POSIX + PUBLIC + ["version.h", OWN]),
    ("cuda/gpu_plan.[ch]", C + ["gpu_plan.h"]),
    ("cuda/kernels.*", C + ["kernels.h", "cuda_runtime_api.h"]),
    ("cuda/*", C + POSIX + ["branch.h", "gpu_module.h", "cuda_runtime_api.h", "cufft.h", OWN]),
    ("lib/gnuradio/*", GNURADIO + PUBLIC + [OWN]),
    ("python/*", GNURADIO + PUBLIC + ["pybind11/*", "Python.h", "numpy/*", OWN]),
    ("apps/*", C + PUBLIC + ["getopt.h", OWN]),
    ("examples/*", ["*"]),
    ("bench/*", ["*"]),
    ("tests/*", ["*"]),
]
SHARED_WITH_GPU_MODULES = {"branch.h", "gpu_module.h"}
SOURCES = {".c", ".h", ".cc", ".cpp", ".hpp", ".cu", ".cuh"}
FOLDERS = sorted({path.split("/")[0] for path, _ in LAYERS})
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)"|(.*))', re.M)


def is_own(path, included):
    return (path.parent / included).is_file() and "/" not in included


def is_engine_internal(project, path, included):
    """Whether a file outside the engine reaches for one of its private headers."""
    core = project / "lib" / "core"
    if core in path.parents or is_own(path, included):
        return False
    reached = Path(os.path.normpath(path.parent / included))
    private = {header.name for header in core.glob("*.h")} - SHARED_WITH_GPU_MODULES
    by_name = Path(included).name in private and Path(included).parent.name in ("", "core")
    return core in reached.parents or by_name


def allowed_in(project, path):
    relative = path.relative_to(project).as_posix()
    return next((allowed for pattern, allowed in LAYERS if fnmatchcase(relative, pattern)), [])


def is_allowed(path, included, allowed):
    if OWN in allowed and is_own(path, included):
        return True
    if CXX in allowed and re.fullmatch("[a-z_]+", included):
        return True
    return any(fnmatchcase(included, pattern) for pattern in allowed if isinstance(pattern, str))


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


def main():
    project = Path(sys.argv[1]).resolve()
    if not (project / "include" / "oaconv" / "oaconv.h").is_file():
        sys.exit(f"{project} is not the project")
    found = violations(project)
    print("\n".join(found) or "dependencies point down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
