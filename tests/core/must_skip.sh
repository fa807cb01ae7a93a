#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every test program must say that it is skipped, and exit so: must_skip.sh PROGRAM...
set -u
[[ $# -gt 0 ]] || exit 1
for program in "$@"; do
    output=$("$program" 2>&1)
    status=$?
    if [[ $status != 77 ]] || ! grep -q "^skipped: " <<<"$output"; then
        echo "$output"
        echo "$program exited with $status"
        exit 1
    fi
done
echo "$# programs were skipped"
