#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a test program on a module with a planted bug: must_fail.sh PROGRAM [TEST]
set -u
output=$("$@" 2>&1)
status=$?
[[ $status == 77 ]] && echo "$output" && exit 77
[[ $status == 0 ]] && echo "$output" && echo "the planted bug was not noticed" && exit 1
grep -q "^tested: cuda" <<<"$output" && echo "noticed" && exit 0
echo "$output"
echo "the module with the planted bug was not tested"
exit 1
