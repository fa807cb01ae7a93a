#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Configures and builds, tests included:
#     build.sh [folder, default build] [cmake options] [-- build options]
set -euo pipefail
cd "$(dirname "$0")/.."

folder=build
[[ $# == 0 || $1 == -* ]] || { folder=$1 && shift; }
options=(-DENABLE_TESTING=ON)
while [[ $# -gt 0 && $1 != -- ]]; do options+=("$1") && shift; done
[[ $# == 0 ]] || shift

# The system's Python, whose packages GNU Radio uses, whatever python3 comes first in the PATH.
options+=(-DPython3_EXECUTABLE=/usr/bin/python3)
if command -v ccache >/dev/null; then
    options+=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    # Another clone of the same files finds them too; no paths into the cache that differ.
    export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
fi
[[ -f $folder/CMakeCache.txt ]] || options+=(-G Ninja)

mkdir -p "$folder"
cmake -S . -B "$folder" "${options[@]}" >"$folder/configure.log" 2>&1 ||
    { cat "$folder/configure.log" && exit 1; }
cmake --build "$folder" --parallel "$(nproc)" "$@"
