# SPDX-License-Identifier: GPL-3.0-or-later
"""Every format that goes into the command, and every one that comes out, against SciPy."""

import command_helpers as h
import numpy as np
import pytest

M, N, P = 3, 70_000, 50  # more than one block for each conversion


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_npy(path, array, version):
    with open(path, "wb") as stream:
        np.lib.format.write_array(stream, array, version)


def make_taps(rng, shape=(M, P), dtype="f4"):
    taps = h.random(rng, shape, dtype)
    np.save("b.npy", taps)
    return taps


def write_raw(name, rows, interleaved):
    """Rows of complex64, float32, or pairs of int16 (M, N, 2), little endian."""
    if interleaved:
        np.ascontiguousarray(np.swapaxes(rows, 0, 1)).tofile(name)
    else:
        for m, row in enumerate(rows):
            row.tofile(name.format(m))


# ---- .npy in and out ----


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("dtype", ["f4", "c8", "f8"])
def test_npy_of_any_version_and_order(folder, rng, version, order, dtype):
    a, b = h.random(rng, (M, N), dtype), make_taps(rng, dtype=dtype)
    write_npy("a.npy", np.asarray(a, order=order), version)
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    c = np.load("c.npy")
    assert c.dtype == np.dtype(dtype) and c.flags.c_contiguous
    h.assert_close(c, a, b)
    assert h.names_in(folder) == ["a.npy", "b.npy", "c.npy"]


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize(
    "dtype", ["?", "i1", "u1", "<i2", ">i2", ">i4", "u8", "f2", ">f2", ">f4", ">f8", ">c8", ">c16"]
)
def test_npy_of_any_dtype(folder, rng, dtype, order):
    a, b = h.random(rng, (M, N), dtype), make_taps(rng)
    np.save("a.npy", np.asarray(a, order=order))
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    c = np.load("c.npy")
    wide = np.float64 if a.dtype.kind in "biu" else np.result_type(a.dtype.newbyteorder("="), "f4")
    assert c.dtype == wide and c.dtype.isnative
    h.assert_close(c, a, b)


def test_npy_comes_out_as_numpy_saves_it(folder, rng):
    a = h.random(rng, (M, N), "f4")
    np.save("a.npy", a)
    make_taps(rng)
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    np.save("d.npy", np.load("c.npy"))
    assert (folder / "c.npy").read_bytes() == (folder / "d.npy").read_bytes()


@pytest.mark.parametrize("a_shape, b_shape", [((N,), (P,)), ((1, N), (P,)), ((N,), (1, P)),
                                              ((M, N), (P,)), ((M, N), (1, P))])  # fmt: skip
def test_dimensions_are_those_of_numpy(folder, rng, a_shape, b_shape):
    a, b = h.random(rng, a_shape, "f4"), make_taps(rng, b_shape)
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    c = np.load("c.npy")
    assert c.shape == np.broadcast_shapes(a_shape[:-1], b_shape[:-1]) + (N + P - 1,)
    h.assert_close(c, a, b)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(
    "n, n_taps", [(10, 20), (20, 10), (10, 10), (1, 1), (7, 1), (1, 7), (10, 11)]
)
def test_modes_and_short_rows(folder, rng, mode, n, n_taps):
    a, b = h.random(rng, (4, n), "f8"), make_taps(rng, (4, n_taps), "f8")
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", "c.npy", "--mode", mode, "--check") == 0
    if mode == "same":  # as scipy.signal.oaconvolve: of the length of a, always
        full, start = h.expected(a, b), (n_taps - 1) // 2
        np.testing.assert_allclose(np.load("c.npy"), full[:, start : start + n], atol=1e-12)
    else:
        h.assert_close(np.load("c.npy"), a, b, mode)


@pytest.mark.parametrize("shape", [(4, 0), (0, 10), (0, 0)])
def test_no_samples_give_none(folder, rng, shape):
    np.save("a.npy", np.zeros(shape, "f4"))
    make_taps(rng, (1, P))
    assert h.run("a.npy", "b.npy", "-o", "c.npy", "--check") == 0
    assert np.load("c.npy").shape == (shape[0], shape[1] + P - 1 if shape[1] else 0)


def test_complex_taps_make_a_real_signal_complex(folder, rng):
    a, b = h.random(rng, (M, N), "f4"), make_taps(rng, dtype="c8")
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", "c.npy", "--check") == 0
    assert np.load("c.npy").dtype == np.complex64
    h.assert_close(np.load("c.npy"), a, b)


def test_many_short_rows(folder, rng):
    a, b = h.random(rng, (3000, 40), "f4"), make_taps(rng, (3000, 5))
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    h.assert_close(np.load("c.npy"), a, b)


# ---- raw in and out ----


@pytest.mark.parametrize("ending", ["cf32", "fc32", "cfile", "f32", "float"])
@pytest.mark.parametrize("name, interleaved", [("a", True), ("a{}", False), ("a{:03d}", False)])
def test_raw_channels(folder, rng, ending, name, interleaved):
    dtype = "f4" if ending in ("f32", "float") else "c8"
    a, b = h.random(rng, (M, N), dtype), make_taps(rng)
    write_raw(f"{name}.{ending}", a, interleaved)
    assert h.run(f"{name}.{ending}", "b.npy", "-o", "c.npy", "--channels", M) == 0
    h.assert_close(np.load("c.npy"), a, b)


@pytest.mark.parametrize("ending", ["ci16", "sc16"])
@pytest.mark.parametrize("name, interleaved", [("a", True), ("a{}", False)])
def test_pairs_of_integers(folder, rng, ending, name, interleaved):
    pairs, b = h.random(rng, (M, N, 2), "<i2"), make_taps(rng)
    write_raw(f"{name}.{ending}", pairs, interleaved)
    assert h.run(f"{name}.{ending}", "b.npy", "-o", "c.npy", "--channels", M, "--check") == 0
    c = np.load("c.npy")
    assert c.dtype == np.complex64
    h.assert_close(c, pairs[..., 0] + 1j * pairs[..., 1], b)


def test_one_channel_is_one_dimension(folder, rng):
    a, b = h.random(rng, N, "c8"), make_taps(rng, P)
    a.tofile("a.dat")
    assert h.run("a.dat", "b.npy", "-o", "c.npy", "--format", "cf32") == 0
    assert np.load("c.npy").ndim == 1
    h.assert_close(np.load("c.npy"), a, b)


def test_format_overrules_the_ending(folder, rng):
    pairs, b = h.random(rng, (N, 2), "<i2"), make_taps(rng, P)
    pairs.tofile("a.cf32")
    assert h.run("a.cf32", "b.npy", "-o", "c.npy", "--format", "ci16") == 0
    h.assert_close(np.load("c.npy"), pairs[:, 0] + 1j * pairs[:, 1], b)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("threads", [1, 2])
def test_raw_results_side_by_side(folder, rng, monkeypatch, order, threads):
    """All channels are computed together, so that whole stretches of the file are written."""
    from oaconv.command import sink

    monkeypatch.setattr(sink.TimeMajorSink, "merge", None)
    a, b = h.random(rng, (M, 3 * N), "c8"), make_taps(rng)
    np.save("a.npy", np.asarray(a, order=order))
    options = "--threads", threads, "--check"
    assert h.run("a.npy", "b.npy", "-o", "c.cf32", *options) == 0
    c = np.fromfile("c.cf32", "<c8").reshape(-1, M).T
    h.assert_close(c, a, b)
    assert h.names_in(folder) == ["a.npy", "b.npy", "c.cf32"]


@pytest.mark.parametrize("order", "CF")
def test_raw_results_in_files_of_their_own(folder, rng, order):
    a, b = h.random(rng, (12, 5000), "f4"), make_taps(rng, (12, P))
    np.save("a.npy", np.asarray(a, order=order))
    assert h.run("a.npy", "b.npy", "-o", "c{:02d}.f32", "--check") == 0
    c = [np.fromfile(f"c{m:02d}.f32", "<f4") for m in range(12)]
    h.assert_close(np.array(c), a, b)
    assert len(h.names_in(folder)) == 12 + 2


def test_rows_that_arrive_apart_are_merged(folder, rng):
    """With room for few rows at a time, and channels side by side."""
    from oaconv.command import part, result, sink

    c = h.random(rng, (5, 3000), "c8")
    form = result.form_of("c.cf32")
    files = part.Part(result.plan_result(form, c.dtype, c.shape))
    files.open()
    files.clear()
    to = sink.make_sink(files)
    for first, end in (3, 5), (0, 1), (1, 3):
        for begin in range(0, 3000, 700):
            to.write(first, begin, c[first:end, begin : begin + 700])
    files.rename()
    files.close()
    np.testing.assert_array_equal(np.fromfile("c.cf32", "<c8").reshape(-1, 5).T, c)


def test_only_zeros_without_a_sign_become_holes(folder):
    """A hole reads as +0.0: the bytes must not depend on how the result was cut."""
    from oaconv.command import part, result

    c = np.zeros(1 << 18, "f4")
    c[70_000:] = -0.0
    c[-1] = 1e-45
    files = part.Part(result.plan_result(result.form_of("c.f32"), c.dtype, c.shape))
    files.open()
    files.clear()
    files.write(0, memoryview(c).cast("B"), 0)
    files.rename()
    files.close()
    assert (folder / "c.f32").read_bytes() == c.tobytes()
    assert (folder / "c.f32").stat().st_blocks * 512 < c.nbytes


@pytest.mark.parametrize("name", ["c.cf32", "c{}.cf32"])
def test_real_results_become_complex_where_the_file_is(folder, rng, name):
    a, b = h.random(rng, (M, N), "f4"), make_taps(rng)
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", name, "--check") == 0
    if "{" in name:
        c = np.array([np.fromfile(name.format(m), "<c8") for m in range(M)])
    else:
        c = np.fromfile(name, "<c8").reshape(-1, M).T
    assert not c.imag.any()
    h.assert_close(c.real, a, b)


def test_raw_results_are_single_precision(folder, rng):
    a, b = h.random(rng, (M, N), "f8"), make_taps(rng, dtype="f8")
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", "c{}.f32", "--check") == 0
    h.assert_close(np.array([np.fromfile(f"c{m}.f32", "<f4") for m in range(M)]), a, b)


# ---- taps ----


def test_rows_of_taps_may_differ_in_length(folder, rng):
    a = h.random(rng, (M, N), "f4")
    rows = {name: h.random(rng, n, "f4") for name, n in (("z", 5), ("a", 90), ("m", 1))}
    np.save("a.npy", a)
    np.savez("b.npz", **rows)
    assert h.run("a.npy", "b.npz", "-o", "c.npy", "--check") == 0
    c = np.load("c.npy")
    assert c.shape == (M, N + 89)
    for m, row in enumerate(rows.values()):  # in the order in which they are stored
        h.assert_close(c[m, : N + len(row) - 1], a[m], row)
        np.testing.assert_allclose(c[m, N + len(row) - 1 :], 0, atol=1e-5)


@pytest.mark.parametrize("shape", [(M, P), (P,)])
def test_a_matrix_in_an_npz(folder, rng, shape):
    a, b = h.random(rng, (M, N), "f4"), h.random(rng, shape, "f4")
    np.save("a.npy", a)
    np.savez_compressed("b.npz", taps=b)
    assert h.run("a.npy", "b.npz", "-o", "c.npy") == 0
    h.assert_close(np.load("c.npy"), a, b)


@pytest.mark.parametrize(
    "text, taps",
    [
        ("1 2.5 -3\n", [[1, 2.5, -3]]),
        ("# low-pass\n1\n2.5\n\n-3  # the last\n", [[1, 2.5, -3]]),
        ("1, 2\n3, 4\n5, 6\n", [[1, 2], [3, 4], [5, 6]]),
        ("1+2j 3\n-1j 2e-1\n0 1\n", [[1 + 2j, 3], [-1j, 0.2], [0, 1]]),
        ("7", [[7]]),
    ],
)
def test_taps_from_text(folder, rng, text, taps):
    a = h.random(rng, (M, N), "f4")
    np.save("a.npy", a)
    (folder / "taps.txt").write_text(text)
    assert h.run("a.npy", "taps.txt", "-o", "c.npy") == 0
    c = np.load("c.npy")
    assert c.dtype == (np.complex64 if np.iscomplexobj(taps) else np.float32)
    h.assert_close(c, a, np.array(taps))


def test_taps_in_fortran_order_and_other_byte_order(folder, rng):
    a, b = h.random(rng, (M, N), "f4"), h.random(rng, (M, P), ">f4")
    np.save("a.npy", a)
    np.save("b.npy", np.asfortranarray(b))
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    h.assert_close(np.load("c.npy"), a, b)


def test_double_taps_make_it_double(folder, rng):
    a, b = h.random(rng, (M, N), "f4"), make_taps(rng, dtype="f8")
    np.save("a.npy", a)
    assert h.run("a.npy", "b.npy", "-o", "c.npy", "--check") == 0
    assert np.load("c.npy").dtype == np.float64
    h.assert_close(np.load("c.npy"), a, b)


# ---- in any order ----


@pytest.mark.parametrize("order", "CF")
def test_neither_memory_nor_threads_show(folder, rng, order):
    np.save("a.npy", np.asarray(h.random(rng, (M, 5 * N), "c8"), order=order))
    make_taps(rng)
    results = set()
    for threads, memory in (1, "4G"), (2, "256M"), (2, "60M"):
        options = "--threads", threads, "--memory", memory, "--backend", "simd"
        ended = h.run_child("a.npy", "b.npy", "-o", "c.npy", *options)
        assert ended.status == 0, ended.err
        results.add((folder / "c.npy").read_bytes())
    assert len(results) == 1


def test_a_link_stays_a_link(folder, rng):
    np.save("a.npy", h.random(rng, N, "f4"))
    make_taps(rng, P)
    (folder / "there").mkdir()
    (folder / "c.npy").symlink_to("there/c.npy")
    assert h.run("a.npy", "b.npy", "-o", "c.npy") == 0
    assert (folder / "c.npy").is_symlink()
    assert h.names_in(folder / "there") == ["c.npy"]
