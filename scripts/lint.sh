#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Layout, scripts, Python and spelling, by tools of Debian 12; exit status 1: something was found, 77: a
# tool is missing and the others found nothing.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

git rev-parse --is-inside-work-tree >/dev/null 2>&1 || { echo "skipped: lint, not a git checkout" && exit 77; }

# files PATTERN...: those of git that are there, and new ones that git does not ignore; ended by zeros.
files() {
    git ls-files -z --cached --others --exclude-standard --deduplicate -- "$@" |
        while IFS= read -r -d '' name; do [[ ! -f $name ]] || printf '%s\0' "$name"; done
}

status=0
found() { status=1; }
missing() { echo "skipped: lint, $1 is not installed" && { [[ $status == 1 ]] || status=77; }; }

# Other versions lay code out otherwise.
if command -v clang-format-14 >/dev/null; then
    files '*.c' '*.h' '*.cc' '*.cu' | xargs -0 clang-format-14 --dry-run -Werror || found
else
    missing clang-format-14
fi

if command -v shellcheck >/dev/null; then
    files '*.sh' .ci/run | xargs -0 shellcheck || found
else
    missing shellcheck
fi

if /usr/bin/python3 -c "import flake8" 2>/dev/null; then
    files '*.py' | xargs -0 /usr/bin/python3 -m flake8 || found
else
    missing python3-flake8
fi

if command -v codespell >/dev/null; then
    files ':!*.png' ':!*.grc' | xargs -0 codespell --ignore-words-list=retuned || found
else
    missing codespell
fi
exit "$status"
