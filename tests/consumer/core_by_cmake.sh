#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds and runs a CMake project that uses the core: core_by_cmake.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
rm -rf "$work"
"$CMAKE" -S "$(dirname "$0")/core" -B "$work" -DCMAKE_PREFIX_PATH="$prefix"
"$CMAKE" --build "$work"
"$work/impulse_c"
"$work/impulse_cxx"
