#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Uses the installed block from Python, then from a flowgraph that grcc compiles with the installed
# description of the block: block_by_python.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
here=$(dirname "$0")
rm -rf "$work" && mkdir -p "$work/home"

unset LD_LIBRARY_PATH # the module finds the libraries by itself
export HOME=$work/home GR_PREFS_PATH=$work/home PYTHONDONTWRITEBYTECODE=1
module=$(find "$prefix" -name 'oaconv_python*.so' -print -quit)
PYTHONPATH=$work:$(dirname "$(dirname "$(dirname "$module")")")
export PYTHONPATH
"$PYTHON" "$here/python/impulse.py" "$prefix"

command -v grcc >/dev/null || { echo "skipped: no grcc" && exit 77; }
export GRC_BLOCKS_PATH=$prefix/share/gnuradio/grc/blocks
[[ -f $GRC_BLOCKS_PATH/oaconv_multichannel_fft_filter.block.yml ]]
grcc -o "$work" "$here/python/impulse_flowgraph.grc"
"$PYTHON" "$here/python/impulse.py" "$prefix" impulse_flowgraph
