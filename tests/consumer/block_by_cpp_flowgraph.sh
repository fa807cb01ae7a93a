#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Generates C++ flowgraphs with the installed description of the block, builds them with the
# CMakeLists.txt that GNU Radio Companion writes, runs them and checks every sample, then again with
# variables set: block_by_cpp_flowgraph.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
here=$(cd "$(dirname "$0")/flowgraphs" && pwd)
command -v grcc >/dev/null || { echo "skipped: no grcc" && exit 77; }
rm -rf "$work" && mkdir -p "$work/home"
unset LD_LIBRARY_PATH # the block library finds the engine by itself
export HOME=$work/home GR_PREFS_PATH=$work/home PYTHONDONTWRITEBYTECODE=1 OACONV_COST_TABLE=nominal
export GRC_BLOCKS_PATH=$prefix/share/gnuradio/grc/blocks

build() {
    "$CMAKE" -S "$1" -B "$2" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS="-Wall -Werror" "${@:3}"
    "$CMAKE" --build "$2"
}

flowgraphs=(values variables complex_taps)
grcc -o "$work" "$here"/*.grc "$SOURCE/examples/cpp_flowgraph.grc"
for name in "${flowgraphs[@]}"; do
    build "$work/$name" "$work/$name/build"
    "$PYTHON" "$here/flowgraphs.py" write "$work/$name"
    (cd "$work/$name" && "build/$name")
    "$PYTHON" "$here/flowgraphs.py" check "$work/$name"
done

(cd "$work/variables" && rm y*.bin && build/variables --short_hop 8)
"$PYTHON" "$here/flowgraphs.py" check "$work/variables"

build "$here" "$work/set" -DGENERATED="$work"
for name in "${flowgraphs[@]}"; do
    (cd "$work/$name" && rm y*.bin && "$work/set/set_variables" "$name")
    "$PYTHON" "$here/flowgraphs.py" check "$work/$name" set
done

build "$work/cpp_flowgraph" "$work/cpp_flowgraph/build"
(cd "$work/cpp_flowgraph" && build/cpp_flowgraph)
"$PYTHON" "$here/tones.py" "$work/cpp_flowgraph"
