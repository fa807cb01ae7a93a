#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds a CMake project that uses the block, runs it without a home: block_by_cmake.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
rm -rf "$work"
"$CMAKE" -S "$(dirname "$0")/block" -B "$work" -DCMAKE_PREFIX_PATH="$prefix"
"$CMAKE" --build "$work"

# The block library finds the engine the way GNU Radio's libraries find each other in a prefix.
LD_LIBRARY_PATH=$(dirname "$(find "$prefix" -name 'liboaconv.so' -print -quit)")
export LD_LIBRARY_PATH
"$work/impulse_block"
# GNU Radio 3.10 itself needs a home to run a flowgraph; a block of ours can be made without.
HOME=/nonexistent "$work/impulse_block" make-only
env -u HOME "$work/impulse_block" make-only
