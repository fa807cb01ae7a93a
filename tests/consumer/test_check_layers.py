#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that check_layers.py sees each kind of violation, in a small tree planted for it."""
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from check_layers import violations

CLEAN = {
    "include/oaconv/oaconv.h": "#include <stddef.h>\n",
    "include/gnuradio/oaconv/api.h": "#include <gnuradio/attributes.h>\n#include <vector>\n",
    "lib/core/backend.h": '#include "plan.h"\n',
    "lib/core/plan.h": '#include "oaconv/oaconv.h"\n',
    "lib/core/fft.h": "#include <stddef.h>\n",
    "lib/core/fft.c": '#include "fft.h"\n#include <fftw3.h>\n',
    "lib/core/volk_kernels.h": "#include <volk/volk.h>\n",
    "lib/core/volk.c": '#include "backend.h"\n#include "fft.h"\n#include "volk_kernels.h"\n',
    "lib/core/direct.c": '#include "backend.h"\n#include <string.h>\n',
    "lib/core/oaconv.c": '#include "oaconv/oaconv.h"\n#include "backend.h"\n',
    "lib/gnuradio/engine.h": "#include <memory>\n",
    "lib/gnuradio/engine.cc": '#include "engine.h"\n#include <gnuradio/fft/fft.h>\n',
    "python/oaconv/bindings/python_bindings.cc": "#include <pybind11/pybind11.h>\n",
    "examples/filter.c": "#include <oaconv/oaconv.h>\n",
    "tests/core/test_it.cc": "#include <cppunit/TestCase.h>\n#include <oaconv/oaconv.h>\n",
}
# (file, a line that its layer forbids)
FORBIDDEN = [
    ("include/oaconv/oaconv.h", "#include <fftw3.h>"),
    ("include/oaconv/oaconv.h", "#include <complex>"),
    ("include/gnuradio/oaconv/api.h", '#include "../../../lib/core/plan.h"'),
    ("lib/core/oaconv.c", "#include <fftw3.h>"),
    ("lib/core/oaconv.c", "#include <volk/volk.h>"),
    ("lib/core/oaconv.c", "#include <gnuradio/block.h>"),
    ("lib/core/oaconv.c", "#  include <Python.h>"),
    ("lib/core/oaconv.c", "#include <cuda_runtime.h>"),
    ("lib/core/oaconv.c", "#include CONFIGURED_HEADER"),
    ("lib/core/backend.h", "#include <volk/volk.h>"),
    ("lib/core/plan.h", '#include "backend.h"'),
    ("lib/core/fft.h", "#include <fftw3.h>"),
    ("lib/core/direct.c", '#include "volk.c"'),
    ("lib/core/direct.c", '#include "oaconv.c"'),
    ("lib/core/direct.c", '#include "fft.h"'),
    ("lib/core/direct.c", '#include "volk_kernels.h"'),
    ("lib/core/volk.c", "#include <fftw3.h>"),
    ("lib/gnuradio/engine.cc", '#include "plan.h"'),
    ("lib/gnuradio/engine.cc", '#include "../core/plan.h"'),
    ("lib/gnuradio/engine.cc", "#include <fftw3.h>"),
    ("python/oaconv/bindings/python_bindings.cc", '#include "lib/core/backend.h"'),
    ("examples/filter.c", '#include "backend.h"'),
    ("tests/core/test_it.cc", '#include "../../lib/core/fft.h"'),
    ("tests/core/test_it.cc", '#include "../../lib/core/fft.c"'),
]


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
    print("\n".join(missed) or f"{len(FORBIDDEN)} violations seen")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
