#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks the GPU path on this machine's GPU, in a few minutes: gpu-check.sh [options of cmake]
# Builds the engine and its GPU module into build-gpu/, runs the self-test, then a smaller one under
# each tool of compute-sanitizer, and writes what came of it to $OUT/<GPU>.md (default: docs/gpu).
# Needs a C and C++ compiler, CMake, CUDA with cuFFT, FFTW (single precision) and VOLK.
# Exits with 1 where anything failed, with 77 where there is no GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${OUT:-docs/gpu} build=build-gpu
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

say() { echo "== $*"; }

# Where the toolkit is not in the PATH.
if ! command -v nvcc >/dev/null && [[ -x /usr/local/cuda/bin/nvcc ]]; then
    export PATH=$PATH:/usr/local/cuda/bin
fi

configure() {
    local generator=()
    [[ -f $build/CMakeCache.txt ]] || ! command -v ninja >/dev/null || generator=(-G Ninja)
    cmake -S . -B "$build" "${generator[@]}" -DENABLE_CUDA=ON -DENABLE_GNURADIO=OFF \
        -DENABLE_TESTING=OFF -DENABLE_BENCH=OFF "$@" >"$logs/configure" 2>&1
}

# As configure; tries to install what is missing, and says so where that does not help.
configure_somehow() {
    configure "$@" && return
    if [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; then
        say "something is missing; trying scripts/install-deps.sh build"
        timeout 300 bash scripts/install-deps.sh build || echo "it could not be installed here"
    fi
    configure "$@" && return
    cat "$logs/configure" 2>/dev/null
    say "FAIL: cmake could not configure, see above; needed are a C and C++ compiler, CMake 3.16 or" \
        "later, CUDA (nvcc and cuFFT), FFTW 3 in single precision with threads and VOLK, with headers"
    return 1
}

# check NAME SECONDS COMMAND...: runs it, keeps its output, and notes the result as a table's row.
failed=0 rows=()
check() {
    local name=$1 limit=$2 result=passed
    shift 2
    say "$name"
    status=0
    timeout "$limit" "$@" >"$logs/output" 2>&1 || status=$?
    cat "$logs/output"
    if [[ $status == 124 ]]; then
        result="**not done after $limit s**"
    elif [[ $status != 0 ]] && grep -q '^=* *Error: Device not supported' "$logs/output"; then
        result="skipped: the tool does not support this machine" status=0
    elif [[ $status != 0 ]]; then
        result="**failed**, exit status $status"
    fi
    [[ $status == 0 ]] || failed=1
    rows+=("| $name | $result |")
}

check_ourselves() {
    check "self-test" 180 "$selftest" --gpu --seconds 10
    [[ $status != 77 ]] || { echo "skipped: there is no GPU to check" && exit 77; }
    cp "$logs/output" "$logs/selftest"
}

# The program checks every call of CUDA itself, and libraries may make some that fail.
sanitize() {
    local sanitizer tool
    if ! sanitizer=$(command -v compute-sanitizer); then
        say "skipped: compute-sanitizer is not installed"
        rows+=("| compute-sanitizer | skipped: not installed |")
        return
    fi
    for tool in memcheck racecheck initcheck; do
        check "compute-sanitizer, $tool" 100 "$sanitizer" --tool "$tool" --report-api-errors no \
            --error-exitcode 9 --print-limit 20 "$selftest" --gpu --quick --seconds 0
    done
}

driver() { nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | head -n 1; }
processor() { sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo; }
commit() { git describe --always --dirty 2>/dev/null || echo unknown; }
toolkit() { nvcc --version | sed -n 's/.*release.*, V//p'; }

write_report() {
    local name=$1
    echo "# $name"
    echo
    echo "By \`scripts/gpu-check.sh\`, $(date -u +%Y-%m-%d), commit $(commit); driver $(driver), nvcc" \
        "$(toolkit); $(processor), $(nproc) processors."
    echo
    printf '%s\n' "| check | result |" "|---|---|" "${rows[@]}"
    echo
    echo '```'
    sed '/^Millions of samples/,$d' "$logs/selftest" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'
    echo '```'
    sed -n '/^Millions of samples/,/^$/p;/^|/p' "$logs/selftest"
}

configure_somehow "$@"
say "build: $(sed -n 's/^-- GPU module: //p' "$logs/configure")"
cmake --build "$build" --parallel "$(nproc)" >"$logs/build" 2>&1 || { cat "$logs/build" && exit 1; }
selftest=$build/apps/selftest/oaconv-selftest

check_ourselves
sanitize

name=$(sed -n 's/: compute capability.*//p' "$logs/selftest")
report=$folder/$(tr -cs '[:alnum:]\n' - <<<"${name:-unknown GPU}" | tr '[:upper:]' '[:lower:]').md
mkdir -p "$folder"
write_report "${name:-An unknown GPU}" >"$report"
say "$report"
cat "$report"
exit "$failed"
