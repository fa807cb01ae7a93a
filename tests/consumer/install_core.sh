#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the core alone and installs it, then moves the prefix: install_core.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
rm -rf "$prefix" "$work/installed"

"$CMAKE" -S "$SOURCE" -B "$work" -DENABLE_GNURADIO=OFF -DENABLE_WERROR=ON -DPython3_EXECUTABLE="$PYTHON"
"$CMAKE" --build "$work"
[[ ! -e $work/tests ]] || { echo "tests were built, which nobody asked for" && exit 1; }
"$CMAKE" --install "$work" --prefix "$work/installed"
mv "$work/installed" "$prefix" # no file of it may know where it was installed
