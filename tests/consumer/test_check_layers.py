#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that check_layers.py sees each kind of violation, in a small tree planted for it."""
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from check_layers import cycles, namesakes, violations

CLEAN = {
    "include/oaconv/oaconv.h": "#include <stddef.h>\n",
    "include/gnuradio/oaconv/api.h": "#include <gnuradio/attributes.h>\n#include <vector>\n",
    "lib/core/base/error.h": '#include "oaconv/oaconv.h"\n',
    "lib/core/plan/plan.h": '#include "oaconv/oaconv.h"\n',
    "lib/core/backends/backend.h": '#include "plan/plan.h"\n',
    "lib/core/backends/polyphase.h": "#include <stddef.h>\n",
    "lib/core/backends/direct.c": '#include "backends/backend.h"\n#include <string.h>\n',
    "lib/core/backends/volk/fftw.h": "#include <stddef.h>\n",
    "lib/core/backends/volk/fftw.c": '#include "backends/volk/fftw.h"\n#include <fftw3.h>\n',
    "lib/core/backends/volk/volk_kernels.h": "#include <volk/volk.h>\n",
    "lib/core/backends/volk/volk.c": '#include "backends/backend.h"\n#include "backends/volk/fftw.h"\n',
    "lib/core/backends/simd/kernel.h": "#include <stddef.h>\n",
    "lib/core/backends/simd/kernel.c": '#include "backends/simd/kernel.h"\n',
    "lib/core/calibrate/cost_table.c": '#include "backends/backend.h"\n',
    "lib/core/filter.h": '#include "backends/backend.h"\n',
    "lib/core/filter.c": '#include "oaconv/oaconv.h"\n#include "filter.h"\n',
    "cuda/filter.h": "#include <stddef.h>\n",
    "cuda/filter.c": '#include "filter.h"\n#include "backends/polyphase.h"\n',
    "lib/gnuradio/block.h": "#include <memory>\n",
    "lib/gnuradio/block.cc": '#include "block.h"\n#include <gnuradio/fft/fft.h>\n',
    "python/oaconv/bindings/python_bindings.cc": "#include <pybind11/pybind11.h>\n",
    "examples/filter.c": "#include <oaconv/oaconv.h>\n",
    "tests/core/test_it.cc": "#include <cppunit/TestCase.h>\n#include <oaconv/oaconv.h>\n",
}
# (file, a line that its layer forbids)
FORBIDDEN = [
    ("include/oaconv/oaconv.h", "#include <fftw3.h>"),
    ("include/oaconv/oaconv.h", "#include <complex>"),
    ("include/oaconv/oaconv.h", "#include <oaconv/private/gpu_report.h>"),
    ("lib/gnuradio/block.cc", "#include <oaconv/private/gpu_report.h>"),
    ("include/gnuradio/oaconv/api.h", '#include "../../../lib/core/plan/plan.h"'),
    ("lib/core/filter.c", "#include <fftw3.h>"),
    ("lib/core/filter.c", "#include <volk/volk.h>"),
    ("lib/core/filter.c", "#include <gnuradio/block.h>"),
    ("lib/core/filter.c", "#  include <Python.h>"),
    ("lib/core/filter.c", "#include <cuda_runtime.h>"),
    ("lib/core/filter.c", "#include CONFIGURED_HEADER"),
    ("lib/core/filter.c", '#include "backends/simd/kernel.h"'),
    ("lib/core/base/error.h", '#include "plan/plan.h"'),
    ("lib/core/base/error.h", '#include "../filter.h"'),
    ("lib/core/plan/plan.h", '#include "backends/backend.h"'),
    ("lib/core/plan/plan.h", '#include "base/error.h"'),
    ("lib/core/backends/backend.h", "#include <volk/volk.h>"),
    ("lib/core/backends/backend.h", '#include "filter.h"'),
    ("lib/core/backends/direct.c", '#include "backends/volk/fftw.h"'),
    ("lib/core/backends/direct.c", '#include "volk/volk.c"'),
    ("lib/core/backends/direct.c", '#include "calibrate/cost_table.h"'),
    ("lib/core/backends/volk/fftw.h", '#include "backends/backend.h"'),
    ("lib/core/backends/volk/volk.c", "#include <fftw3.h>"),
    ("lib/core/backends/volk/volk.c", '#include "backends/simd/kernel.h"'),
    ("lib/core/backends/simd/kernel.c", '#include "backends/backend.h"'),
    ("lib/core/calibrate/cost_table.c", '#include "filter.h"'),
    ("cuda/filter.c", '#include "backends/backend.h"'),
    ("cuda/filter.c", '#include "error.h"'),
    ("lib/gnuradio/block.cc", '#include "plan.h"'),
    ("lib/gnuradio/block.cc", '#include "../core/plan/plan.h"'),
    ("lib/gnuradio/block.cc", "#include <fftw3.h>"),
    ("python/oaconv/bindings/python_bindings.cc", '#include "lib/core/backends/backend.h"'),
    ("examples/filter.c", '#include "backend.h"'),
    ("examples/filter.c", '#include "plan/plan.h"'),
    ("tests/core/test_it.cc", '#include "../../lib/core/plan/plan.h"'),
    ("tests/core/test_it.cc", '#include "../../lib/core/backends/direct.c"'),
]
# A folder that nobody has given a place may include nothing.
NEW_FOLDER = ("lib/core/extras/more.c", '#include "base/error.h"\n')


def plant(root):
    for name, text in CLEAN.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main():
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        plant(root)
        if violations(root):
            sys.exit(f"the clean tree is refused: {violations(root)}")
        for name, line in FORBIDDEN:
            path = root / name
            path.write_text(CLEAN[name] + line + "\n")
            found = violations(root)
            if len(found) != 1 or not found[0].startswith(name):
                missed.append(f"{name}: {line} gave {found}")
            path.write_text(CLEAN[name])
        name, text = NEW_FOLDER
        (root / name).parent.mkdir()
        (root / name).write_text(text)
        if len(violations(root)) != 1:
            missed.append(f"{name}: {text}")
        (root / "lib/core/plan/plan.h").write_text('#include "backends/backend.h"\n')
        if len(cycles(root)) != 2:
            missed.append(f"a circle of two headers gave {cycles(root)}")
        for name in ("lib/core/filter.c", "cuda/filter.c"):
            (root / name).write_text("static int run(int n,\n               int m)\n{\n}\n")
        if len(namesakes(root)) != 1:
            missed.append(f"two functions of one name gave {namesakes(root)}")
    print("\n".join(missed) or f"{len(FORBIDDEN) + 3} violations seen")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
