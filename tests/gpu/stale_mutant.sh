#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A planted bug whose place has changed tests nothing: stale_mutant.sh NAME FILE TEXT
echo "mutant $1: $2 has no \"$3\" any more; see tests/gpu/mutants.cmake"
exit 1
