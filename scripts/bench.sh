#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds, then measures whole flowgraphs: bench.sh [--quick] [--out DIR (default: build/bench)]
# Writes flowgraph.json, flowgraph.md and flowgraph.png. Nothing else heavy should run meanwhile.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

out=$root/build/bench options=()
while [[ $# -gt 0 ]]; do
    case $1 in
    --quick) options+=(--quick) && shift ;;
    --out) out=${2:?--out needs a folder} && shift 2 ;;
    *) sed -n '3,4s/^# //p' "$0" >&2 && exit 2 ;;
    esac
done

bash "$root/scripts/install-deps.sh" build demo
bash "$root/scripts/build.sh" -DENABLE_BENCH=ON -- --target flowgraph

# No user's preferences and FFTW wisdom; each measuring process makes another one of its own.
settings=$(mktemp -d)
trap 'rm -rf "$settings"' EXIT
export HOME=$settings PYTHONDONTWRITEBYTECODE=1

mkdir -p "$out"
"$root/build/bench/flowgraph" "${options[@]}" --out "$out/flowgraph.json"
/usr/bin/python3 "$root/bench/flowgraph_report.py" "$out/flowgraph.json"
