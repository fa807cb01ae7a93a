#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds a CMake project that uses the block, found by a prefix and by one folder, runs it without a
# home: block_by_cmake.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
rm -rf "$work"
"$CMAKE" -S "$(dirname "$0")/block" -B "$work" -DCMAKE_PREFIX_PATH="$prefix"
"$CMAKE" --build "$work"

# The folder of the block's package is enough: the engine's package lies beside it.
folder=$(dirname "$(find "$prefix" -name gnuradio-oaconvConfig.cmake -print -quit)")
"$CMAKE" -S "$(dirname "$0")/block" -B "$work/by_folder" -Dgnuradio-oaconv_DIR="$folder"
grep "^oaconv_DIR:PATH=${folder%/*}/oaconv\$" "$work/by_folder/CMakeCache.txt"

unset LD_LIBRARY_PATH # the block library finds the engine by itself
"$work/impulse_block"
# GNU Radio 3.10 itself needs a home to run a flowgraph; a block of ours can be made without.
HOME=/nonexistent "$work/impulse_block" make-only
env -u HOME "$work/impulse_block" make-only
