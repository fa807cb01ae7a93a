#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs the Debian packages that are missing: install-deps.sh [build] [demo] [test] [bench]
set -euo pipefail

# Packages of each group; "a|b" is whichever the system has or knows (Debian 12 | later releases).
wanted=()
for group in "$@"; do
    case $group in
    build) wanted+=(build-essential cmake ninja-build ccache pkg-config git gnuradio gnuradio-dev
        "libvolk2-dev|libvolk-dev" libfftw3-dev libcppunit-dev libgmp-dev libspdlog-dev
        pybind11-dev python3-dev python3-numpy) ;;
    demo) wanted+=(python3-scipy python3-matplotlib alsa-utils python3-pyqt5 python3-pyqtgraph) ;;
    test) wanted+=(python3-scipy python3-matplotlib alsa-utils python3-pyqt5 python3-pyqtgraph
        python3-pytest python3-pip gr-satellites python3-hypothesis python3-tqdm python3-dask
        python3-distributed "clang-format-14|clang-format" shellcheck codespell python3-flake8) ;;
    bench) wanted+=(python3-scipy python3-matplotlib python3-torch libliquid-dev libzita-convolver-dev) ;;
    *) echo "usage: install-deps.sh [build] [demo] [test] [bench]" >&2 && exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "install-deps: not a Debian system; what is needed: ${wanted[*]}" >&2
    exit 0
fi

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

as_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi; }

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

update() {
    for pause in 5 15 30; do
        apt update && return
        echo "install-deps: apt-get update failed, trying again in $pause s" >&2
        sleep "$pause"
    done
    apt update
}

missing=()
for name in "${wanted[@]}"; do
    installed "${name%|*}" || installed "${name#*|}" || missing+=("$name")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "install-deps: installing ${missing[*]}"
update
chosen=()
for name in "${missing[@]}"; do
    if apt-cache show "${name%|*}" >/dev/null 2>&1; then chosen+=("${name%|*}"); else chosen+=("${name#*|}"); fi
    # GNU Radio wants some terminal; a small one keeps a whole desktop from being chosen.
    [[ $name != gnuradio ]] || chosen=(xterm "${chosen[@]}")
done
apt install --no-install-recommends -y "${chosen[@]}" >/dev/null
