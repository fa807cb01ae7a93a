#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each public header of a folder of include/ is installed and compiles alone:
# headers_stand_alone.sh WORK PREFIX FOLDER
set -euo pipefail
prefix=$2 folder=$3

headers=$(cd "$SOURCE/include" && ls "$folder"/*.h)
flags=(-fsyntax-only -Wall -Wextra -Wpedantic -Werror "-I$prefix/include")
if [[ $folder == gnuradio/* ]]; then
    read -r -a gnuradio <<<"$("$PKG_CONFIG" --cflags gnuradio-runtime)"
    flags+=("${gnuradio[@]}")
fi

for header in $headers; do
    echo "$header"
    [[ -f $prefix/include/$header ]]
    "$CXX" -x c++ -std=c++17 "${flags[@]}" - <<<"#include <$header>"
    [[ $folder == gnuradio/* ]] || "$CC" -x c -std=c11 "${flags[@]}" - <<<"#include <$header>"
done
