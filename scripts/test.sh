#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds with warnings as errors, runs every test, then the C and C++ tests
# again under the sanitizers; the last line is "N passed, N failed, N skipped".
set -euo pipefail
cd "$(dirname "$0")/.."

bash scripts/install-deps.sh build test

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

build build -DENABLE_WERROR=ON && run build

# With assertions, and fast enough.
checked=(-DENABLE_WERROR=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O1 -DCMAKE_CXX_FLAGS_DEBUG=-O1)
export ASAN_OPTIONS=detect_stack_use_after_return=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# GNU Radio and what it uses are not built with TSan, which then sees only half of their locks.
export TSAN_OPTIONS=halt_on_error=1:ignore_noninstrumented_modules=1

build build/asan "${checked[@]}" -DSANITIZE=address,undefined -DENABLE_CUDA=OFF \
    -- --target apps/all tests/core/all tests/block/all oaconv_cuda_mini \
    test_gpu_double test_gpu_fault test_gpu_taps test_gpu_random test_gpu_choice &&
    run build/asan -L 'core|block|checked'

threaded=(test_taps_while_running test_threads test_block_taps_while_running test_block_streams
    test_block_gpu)
build build/tsan "${checked[@]}" -DSANITIZE=thread -DENABLE_GNURADIO=ON -DENABLE_CUDA=OFF \
    -- --target "${threaded[@]}" &&
    run build/tsan -R "_($(IFS='|' && echo "${threaded[*]}"))"

/usr/bin/python3 scripts/summarize_tests.py "${reports[@]}" "${failed_builds[@]/#/--not-built=}"
