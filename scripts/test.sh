#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds with warnings as errors and runs tests: test.sh [--quick|--long]; docs/testing.md says which.
#     --quick  what a change most likely breaks, in about a minute; installs nothing
#     (none)   installs what is missing, runs all tests but the long ones, then those in C and C++
#              again under the sanitizers
#     --long   only what the others leave out: every vector width under the sanitizers, planted
#              bugs, thousands of random flowgraphs
# The last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

tier=${1:-}
case $tier in
'' | --quick | --long) ;;
*) echo "usage: test.sh [--quick|--long]" >&2 && exit 2 ;;
esac
[[ $tier == --quick ]] || bash scripts/install-deps.sh build test

settings=$(mktemp -d) # in the place of the user's preferences and FFTW wisdom
trap 'rm -rf "$settings"' EXIT
export PATH=/usr/bin:/bin:$PATH # no test may find another Python than the system's
export PYTHONDONTWRITEBYTECODE=1 PYTEST_ADDOPTS="-rs --color=no -p no:cacheprovider"

reports=()
failed_builds=()

# build FOLDER [options of build.sh]: notes a failure, and goes on with what can still be tested.
build() {
    echo "== build: $*"
    bash scripts/build.sh "$@" || { failed_builds+=("$1") && return 1; }
}

# run FOLDER [options of ctest]: runs its tests; summarize_tests.py reads the report.
run() {
    local report=$PWD/$1/report.xml
    echo "== test: $*"
    rm -f "$report"
    HOME=$settings GR_PREFS_PATH=$settings \
        ctest --test-dir "$1" --output-junit "$report" --output-on-failure --timeout 1200 \
            --test-output-size-passed 4000000 --test-output-size-failed 4000000 \
            --parallel "$(nproc)" --no-tests=error "${@:2}" || true
    reports+=("$report")
}

# sanitized [options of ctest]: the tests in C and C++, with assertions, and fast enough.
sanitized() {
    local checked=(-DENABLE_WERROR=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O1
        -DCMAKE_CXX_FLAGS_DEBUG=-O1 -DENABLE_GNURADIO=ON -DENABLE_CUDA=OFF)
    local threaded=(test_parts test_taps_while_running test_threads test_block_taps_while_running
        test_block_streams test_block_gpu)
    export ASAN_OPTIONS=detect_stack_use_after_return=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    # GNU Radio and what it uses are not built with TSan, which then sees only half of their locks.
    export TSAN_OPTIONS=halt_on_error=1:ignore_noninstrumented_modules=1

    build build/asan "${checked[@]}" -DSANITIZE=address,undefined \
        -- --target apps/all tests/core/all tests/parts/all tests/block/all oaconv_cuda_mini \
        test_gpu_double test_gpu_fault test_gpu_taps test_gpu_random test_gpu_choice &&
        run build/asan -L 'core|block|checked' "$@"
    build build/tsan "${checked[@]}" -DSANITIZE=thread -- --target "${threaded[@]}" &&
        run build/tsan -R "_($(IFS='|' && echo "${threaded[*]}"))" "$@"
}

case $tier in
--quick)
    build build -DENABLE_WERROR=ON -DENABLE_MUTANTS=OFF && run build -L quick
    ;;
--long)
    build build -DENABLE_WERROR=ON -DENABLE_MUTANTS=ON && run build -L long
    sanitized -L long
    ;;
*)
    build build -DENABLE_WERROR=ON -DENABLE_MUTANTS=OFF && run build -LE long
    sanitized -LE long
    ;;
esac

/usr/bin/python3 scripts/summarize_tests.py "${reports[@]}" "${failed_builds[@]/#/--not-built=}"
