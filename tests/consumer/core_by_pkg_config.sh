#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds C and C++ users of the core with pkg-config, runs them without a home: core_by_pkg_config.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
here=$(dirname "$0")
library=$(dirname "$(find "$prefix" -name 'liboaconv.so' -print -quit)")
export PKG_CONFIG_PATH=$library/pkgconfig LD_LIBRARY_PATH=$library
read -r -a flags <<<"$("$PKG_CONFIG" --cflags --libs "oaconv >= 0.1")"

rm -rf "$work" && mkdir -p "$work"
"$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror "$here/core/impulse.c" "${flags[@]}" -o "$work/impulse_c"
"$CXX" -std=c++17 -Wall -Wextra -Wpedantic -Werror "$here/core/impulse.cc" "${flags[@]}" -o "$work/impulse_cxx"

cd /
for program in impulse_c impulse_cxx; do
    "$work/$program"
    HOME=/nonexistent "$work/$program"
    env -u HOME "$work/$program"
done
