#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Uses the installed Python package oaconv, where there is one: package_by_python.sh WORK PREFIX
set -euo pipefail
prefix=$2 here=$(dirname "$0")
module=$(find "$prefix" -name '_core*.so' -print -quit)
[[ -n $module ]] || { echo "skipped: no Python package, which needs pybind11" && exit 77; }
PYTHONPATH=$(dirname "$(dirname "$module")") "$PYTHON" "$here/python/rows.py" "$prefix"
