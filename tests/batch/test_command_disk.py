# SPDX-License-Identifier: GPL-3.0-or-later
"""Full disks, sparse files and bounds of memory."""

import os
import resource
import shutil
import subprocess
import sys

import command_helpers as h
import numpy as np
import pytest

# Run where a small tmpfs can be mounted: FULL_DISK FOLDER COMMAND. The disk fills up midway; then
# there is more room, and --resume goes on.
FULL_DISK = """
set -e
mount -t tmpfs -o size=12m none "$1"
cd "$1"
shift
printf old > c.npy
head -c 8000000 /dev/zero > ballast
status=0
"$@" || status=$?
echo "status $status, c.npy holds $(cat c.npy), $(ls)"
rm ballast
"$@" --resume
cp c.npy "$OLDPWD"/c.npy
"""


def make_input(folder, shape, sparse):
    rng = h.seeded("disk")
    np.save(folder / "a.npy", h.random(rng, shape, "f4"))
    if sparse:  # a hole, so that nobody knows how much room the result takes
        with open(folder / "a.npy", "r+b") as stream:
            stream.truncate(os.path.getsize(folder / "a.npy") - 200_000)
            stream.truncate(os.path.getsize(folder / "a.npy") + 200_000)
    np.save(folder / "b.npy", h.random(rng, (shape[0], 20), "f4"))


def in_namespace():
    """How to run a script that may mount: as root, in a namespace of its own or, as a user, in a
    user namespace too; skips where neither is allowed."""
    command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--"]
    probe = [*command, "sh", "-c", "mount -t tmpfs none /mnt"]
    if (
        shutil.which("unshare") is None
        or subprocess.run(probe, stderr=subprocess.DEVNULL).returncode
    ):
        pytest.skip("no file system can be mounted here")
    return command


def on_small_disk(folder):
    """Where a small disk can be mounted, and the command that writes to it when it runs there."""
    small = folder / "small"
    small.mkdir()
    command = sys.executable, "-m", "oaconv", folder / "a.npy", folder / "b.npy", "-o", "c.npy"
    return small, command


def test_a_full_disk(tmp_path):
    """The target is untouched, what is done is kept, and with more room it goes on."""
    prefix = in_namespace()
    make_input(tmp_path, (10, 200_000), sparse=True)
    small, command = on_small_disk(tmp_path)
    command = [*prefix, "sh", "-c", FULL_DISK, "sh", small, *command, "--threads", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=h.LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "c.npy.part: No space left on device" in done.stderr
    assert "--resume goes on" in done.stderr
    listing = "ballast\nc.npy\nc.npy.journal\nc.npy.part"
    assert f"status 1, c.npy holds old, {listing}" in done.stdout
    assert h.run(tmp_path / "a.npy", tmp_path / "b.npy", "-o", tmp_path / "d.npy") == 0
    assert (tmp_path / "c.npy").read_bytes() == (tmp_path / "d.npy").read_bytes()


def test_a_disk_that_is_too_small(tmp_path):
    """Nothing is begun where it cannot be ended."""
    prefix = in_namespace()
    make_input(tmp_path, (10, 400_000), sparse=False)
    small, command = on_small_disk(tmp_path)
    script = 'mount -t tmpfs -o size=8m none "$1"; cd "$1"; shift; "$@"; echo "status $?, [$(ls)]"'
    command = [*prefix, "sh", "-c", script, "sh", small, *command]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=h.LIMIT)
    assert "status 2, []" in done.stdout, done.stdout + done.stderr
    assert "c.npy.part: 16.0 MB are needed, 8." in done.stderr


def test_a_limit_of_file_size(tmp_path):
    make_input(tmp_path, (10, 20_000), sparse=False)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    arguments = tmp_path / "a.npy", tmp_path / "b.npy", "-o", tmp_path / "c.npy"
    ended = h.run_child(*arguments, preexec_fn=limit)
    assert ended.status == 2 and "c.npy.part: File too large" in ended.err
    assert h.names_in(tmp_path) == ["a.npy", "b.npy"]


# ---- sparse files ----


def make_sparse(path, n_rows, n_samples, spots):
    """A .npy of zeros that takes no room, but for short bursts that begin at these spots."""
    rng = h.seeded("sparse")
    with open(path, "wb") as stream:
        fields = {"descr": "<f4", "fortran_order": False, "shape": (n_rows, n_samples)}
        np.lib.format.write_array_header_1_0(stream, fields)
        offset = stream.tell()
        for row, sample in spots:
            stream.seek(offset + (row * n_samples + sample) * 4)
            stream.write(h.random(rng, 1000, "f4").tobytes())
        stream.truncate(offset + n_rows * n_samples * 4)


def assert_spots(folder, spots, n_taps):
    """The bursts are convolved where they are, and there is nothing between them."""
    a, c = (np.load(folder / name, mmap_mode="r") for name in ("a.npy", "c.npy"))
    b = np.load(folder / "b.npy")
    assert c.shape == (a.shape[0], a.shape[1] + n_taps - 1)
    for row, sample in spots:
        burst, begin = a[row, sample : sample + 1000], max(0, sample - 5000)
        full = np.zeros(5000 + 1000 + n_taps + 5000)
        full[sample - begin :][: 1000 + n_taps - 1] = np.convolve(burst, b[row])
        actual = c[row, begin : sample + 6000 + n_taps]
        np.testing.assert_allclose(actual, full[: len(actual)], atol=1e-3)


@pytest.mark.parametrize("n_rows, n_samples", [(1, 1 << 25), (3, 1 << 23)])
def test_sparse_in_sparse_out(tmp_path, n_rows, n_samples):
    spots = [(row, row * 1000 + n_samples // 2) for row in range(n_rows)]
    make_sparse(tmp_path / "a.npy", n_rows, n_samples, spots)
    np.save(tmp_path / "b.npy", h.random(h.seeded("taps"), (n_rows, 100), "f4"))
    arguments = tmp_path / "a.npy", tmp_path / "b.npy", "-o", tmp_path / "c.npy"
    assert h.run(*arguments, "--check") == 0
    status = os.stat(tmp_path / "c.npy")
    assert status.st_size > 90e6 and status.st_blocks * 512 < 3e6 * n_rows
    assert_spots(tmp_path, spots, 100)


def test_20_gb_in_2_gb_of_data(tmp_path):
    """As under `ulimit -d 2G`: neither the file nor its result is ever in memory."""
    n_samples = 5_000_000_000
    spots = [(0, 0), (0, n_samples // 3), (0, n_samples - 1000)]
    make_sparse(tmp_path / "a.npy", 1, n_samples, spots)
    np.save(tmp_path / "b.npy", h.random(h.seeded("taps"), (1, 64), "f4"))

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30))

    arguments = tmp_path / "a.npy", tmp_path / "b.npy", "-o", tmp_path / "c.npy"
    ended = h.run_child(*arguments, "--check", preexec_fn=limit)
    assert ended.status == 0, ended.err
    assert 0 < ended.peak <= 256 << 20
    assert os.stat(tmp_path / "c.npy").st_blocks * 512 < 10e6
    assert_spots(tmp_path, spots, 64)


# ---- memory ----


@pytest.mark.parametrize("n_taps", [64, 50_000])
@pytest.mark.parametrize("layout", ["rows", "side by side"])
@pytest.mark.parametrize("memory", ["100M", "256M"])
def test_resident_memory_stays_below_the_bound(tmp_path, layout, n_taps, memory):
    """The signal alone is as large; files that were mapped would count."""
    rng = h.seeded("memory")
    a = h.random(rng, (8, 4_000_000), "c8")
    np.save(tmp_path / "a.npy", np.asfortranarray(a) if layout == "side by side" else a)
    np.save(tmp_path / "b.npy", h.random(rng, (8, n_taps), "f4"))
    name = "c.cf32" if layout == "side by side" else "c.npy"
    arguments = tmp_path / "a.npy", tmp_path / "b.npy", "-o", tmp_path / name
    ended = h.run_child(*arguments, "--memory", memory)
    assert ended.status == 0, ended.err
    assert 0 < ended.peak <= int(memory[:-1]) << 20
