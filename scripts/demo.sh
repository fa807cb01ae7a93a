#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds, then runs the eight-channel receiver: demo.sh [--out DIR (default: build/demo)] [options].
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

bash "$root/scripts/install-deps.sh" build demo
bash "$root/scripts/build.sh" -- --target oaconv_python

# A later --out, from the caller, wins over ours.
PYTHONPATH=$root/build/python${PYTHONPATH:+:$PYTHONPATH} exec /usr/bin/python3 \
    "$root/examples/eight_channel_receiver.py" --out "$root/build/demo" "$@"
