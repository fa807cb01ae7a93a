#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Uses the installed Python package oaconv, where there is one: package_by_python.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2 here=$(dirname "$0")
module=$(find "$prefix" -name '_core*.so' -print -quit)
[[ -n $module ]] || { echo "skipped: no Python package, which needs pybind11" && exit 77; }
PYTHONPATH=$(dirname "$(dirname "$module")") "$PYTHON" "$here/python/rows.py" "$prefix"

# The installed command finds the installed package by itself.
mkdir -p "$work" && cd "$work"
"$PYTHON" -c 'import numpy; numpy.save("a.npy", numpy.eye(2, 5)); numpy.save("b.npy", [[1.0, 2.0]])'
"$prefix/bin/oaconv" a.npy b.npy -o c.npy --quiet
"$PYTHON" -c 'import numpy; assert numpy.allclose(numpy.load("c.npy")[1], [0, 1, 2, 0, 0, 0])'
