#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs this build under a staging folder: install_block.sh WORK PREFIX
set -euo pipefail
work=$1 prefix=$2
rm -rf "$prefix" "$work"
# DESTDIR, so that nothing can land outside, then moved: no file of it may know where it was.
DESTDIR=$work "$CMAKE" --install "$BUILD" --prefix /prefix
mv "$work/prefix" "$prefix"
