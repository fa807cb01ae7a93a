#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds, then measures the engine, whole flowgraphs, and rows of arrays and files:
#     bench.sh [--quick] [--only engine|flowgraph|batch] [--out DIR (default: build/bench)]
# Writes a .json, .md and .png of each. Nothing else heavy should run meanwhile.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

usage() { sed -n '3,5s/^# //p' "$0" >&2 && exit 2; }

out=$root/build/bench options=() benchmarks=(engine flowgraph batch)
while [[ $# -gt 0 ]]; do
    case $1 in
    --quick) options+=(--quick) && shift ;;
    --only) [[ ${2:-} =~ ^(engine|flowgraph|batch)$ ]] || usage
        benchmarks=("$2") && shift 2 ;;
    --out) out=${2:?--out needs a folder} && shift 2 ;;
    *) usage ;;
    esac
done

bash "$root/scripts/install-deps.sh" build bench
targets=("${benchmarks[@]/#batch/oaconv_core_python}")
bash "$root/scripts/build.sh" -DENABLE_BENCH=ON -- --target "${targets[@]}"

# No user's preferences and FFTW wisdom; each measuring process makes another one of its own.
settings=$(mktemp -d)
trap 'rm -rf "$settings"' EXIT
export HOME=$settings PYTHONDONTWRITEBYTECODE=1

mkdir -p "$out"
for name in "${benchmarks[@]}"; do
    if [[ $name == batch ]]; then
        PYTHONPATH=$root/build/python /usr/bin/python3 "$root/bench/batch.py" "${options[@]}" \
            --disk "$out" --out "$out/$name.json"
    else
        "$root/build/bench/$name" "${options[@]}" --out "$out/$name.json"
    fi
    /usr/bin/python3 "$root/bench/${name}_report.py" "$out/$name.json"
done
