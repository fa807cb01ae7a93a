# SPDX-License-Identifier: GPL-3.0-or-later
"""Flowgraphs on a GPU: every promise, and that a GPU may fail, the stream may not.

OACONV_TEST_GPU_MODULE names the module, here one that is linked to a double of CUDA. Every test is
a process of its own, gpu_child.py."""
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

import helpers as h

MODULE = os.environ.get("OACONV_TEST_GPU_MODULE")
pytestmark = pytest.mark.skipif(not MODULE, reason="OACONV_TEST_GPU_MODULE names no GPU module")

KIND = pytest.mark.parametrize("kind", h.KINDS)
REAL_AND_COMPLEX = pytest.mark.parametrize("kind", ["fff", "ccc"])
LASTING = pytest.mark.parametrize("fault", ["sticky", "late", "hang"])
FAULT = pytest.mark.parametrize("fault", ["once", "sticky", "late", "hang"])
CHILD = pathlib.Path(__file__).with_name("gpu_child.py")


class Child:
    """A scenario that was played: its answer, and the log by section."""

    def __init__(self, output):
        *sections, answer = re.split(r"^== (.*)\n", output, flags=re.M)[1:] or [None]
        self.answer = json.loads(answer)
        first = output.split("== ", 1)[0]
        self.log = {"": first, **dict(zip(sections[::2], sections[1::2]))}

    def lines(self, level, section=None):
        texts = self.log.values() if section is None else [self.log[section]]
        return re.findall(rf"^multichannel_fft_filter_\S+ :{level}: (.*)$", "".join(texts), re.M)

    def errors(self, section=None):
        return self.lines("error", section)


def play(scenario, environment=(), **arguments):
    settings = {"OACONV_COST_TABLE": "nominal", "OACONV_CUDA_MODULE": MODULE, **dict(environment)}
    if arguments.get("fault") == "hang":
        # Nothing but what hangs is waited for, however busy the machine is.
        settings.update(OACONV_GPU_TIMEOUT="0.2", FAKECUDA_ORDER="eager")
    inherited = {name: value for name, value in os.environ.items()
                 if not name.startswith(("FAKECUDA_", "OACONV_"))}
    done = subprocess.run([sys.executable, CHILD, scenario, json.dumps(arguments)],
                          env={**inherited, **settings}, capture_output=True, text=True,
                          timeout=300, check=False)
    if done.returncode == 77:
        pytest.skip(h.last_line(done.stdout))
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return Child(done.stdout)


# ---- promises ----


@KIND
@pytest.mark.parametrize("flush", [False, True], ids=["cut", "flush"])
@pytest.mark.parametrize("order", ["eager", "lazy", "random:3"])
def test_nothing_is_lost(order, flush, kind):
    child = play("nothing_is_lost", {"FAKECUDA_ORDER": order}, kind=kind, flush=flush)
    assert child.errors() == []


@KIND
def test_channels_do_not_touch(kind):
    assert play("channels_do_not_touch", kind=kind).errors() == []


@KIND
@pytest.mark.parametrize("order", ["lazy", "random:4"])
def test_taps_belong_to_samples(order, kind):
    child = play("taps_belong_to_samples", {"FAKECUDA_ORDER": order}, kind=kind)
    assert child.errors() == []


# ---- a GPU that is lost ----


@FAULT
@REAL_AND_COMPLEX
def test_a_lost_gpu_costs_one_line_and_no_sample(kind, fault):
    child = play("lost", kind=kind, fault=fault)
    n_lost = 0
    for section, (backend, reason) in child.answer.items():
        if backend == "cuda":  # a call that cannot fail so
            assert child.errors(section) == []
            continue
        n_lost += 1
        assert backend in h.FAST
        (line,) = child.errors(section)
        found = re.fullmatch(rf"GPU lost at sample (\d+), {backend} goes on: (.*)", line)
        assert found and reason == f"the GPU was lost: {found[2]}", (line, reason)
        assert ("no answer from the GPU within 0.2 s" if fault == "hang" else "->") in reason
    assert n_lost >= 5, child.answer


@REAL_AND_COMPLEX
def test_a_start_takes_a_gpu_back(kind):
    child = play("lost_and_started_again", kind=kind, fault="once")
    assert [len(child.errors(s)) for s in ("first", "second", "third")] == [1, 0, 0]
    backends, reasons, n_calls = zip(*child.answer.values())
    assert backends[0] in h.FAST and backends[1:] == ("cuda", "cuda")
    assert "lost" in reasons[0] and reasons[1:] == ("asked for by name",) * 2
    assert min(n_calls[1:]) > 0


@LASTING
@REAL_AND_COMPLEX
def test_a_gpu_that_stays_lost_costs_one_line_a_start(kind, fault):
    child = play("lost_and_started_again", kind=kind, fault=fault)
    assert [len(child.errors(s)) for s in ("first", "second", "third")] == [1, 1, 1]
    backends, reasons, n_calls = zip(*child.answer.values())
    assert set(backends) <= set(h.FAST) and n_calls[1:] == (0, 0)
    assert all("lost" in reason for reason in reasons)
    assert "still lost" in child.errors("second")[0]


@REAL_AND_COMPLEX
def test_unlocking_takes_a_gpu_back_and_keeps_the_state(kind):
    child = play("lost_and_unlocked", kind=kind, fault="once")
    assert child.answer["lost"] in h.FAST and child.answer["unlocked"] == "cuda"
    assert [len(child.errors(s)) for s in ("lost", "unlocked")] == [1, 0]


@LASTING
@REAL_AND_COMPLEX
def test_unlocking_with_a_gpu_that_stays_lost_keeps_the_state(kind, fault):
    child = play("lost_and_unlocked", kind=kind, fault=fault)
    assert set(child.answer.values()) <= set(h.FAST)
    assert [len(child.errors(s)) for s in ("lost", "unlocked")] == [1, 1]


@REAL_AND_COMPLEX
def test_taps_that_the_gpu_refuses_are_filtered_by_the_cpu(kind):
    child = play("refusing_new_taps", kind=kind)
    (backend, reason), (later, _) = child.answer["refused"], child.answer["taken"]
    assert backend in h.FAST and "refused" in reason and later == "cuda"
    assert [len(child.errors(s)) for s in ("refused", "taken")] == [1, 0]


# ---- choices ----


@KIND
def test_auto_takes_the_faster_and_says_both_speeds(kind):
    child = play("choose", kind=kind)
    (line,) = child.lines("info")
    speeds = r"auto: the GPU filters (\d+) MS/s, (\w+) (\d+) MS/s: (\w+) is taken"
    found = re.fullmatch(speeds, line)
    assert found, line
    gpu, cpu, taken = int(found[1]), int(found[3]), found[4]
    assert found[2] in h.FAST and taken in (found[2], "cuda")
    if abs(gpu - 1.2 * cpu) > 2:  # the numbers are rounded
        assert (taken == "cuda") == (gpu > 1.2 * cpu)
    assert (child.answer["backend"], child.answer["reason"]) == (taken, line)
    assert (child.answer["gpu_calls"] > 0) == (taken == "cuda")
    assert child.errors() == []


@pytest.mark.parametrize("name", ["gpu", "cuda"])
def test_a_gpu_asked_for_is_taken(name):
    child = play("choose", backend=name)
    assert (child.answer["backend"], child.answer["reason"]) == ("cuda", "asked for by name")
    assert child.answer["gpu_calls"] > 0 and child.answer["modules"] == [MODULE]
    assert child.lines("info") == child.errors() == []


def test_the_gpu_is_set_up_for_the_usual_batch():
    sizes = [play("choose", backend="gpu", max_batch=n).answer["fft_size"] for n in (0, 300, 16384)]
    assert 65 <= sizes[0] < sizes[1] < sizes[2] < 16384, sizes


@pytest.mark.parametrize("name", ["cpu", "simd", "volk", "direct"])
def test_the_cpu_asked_for_opens_no_module(name):
    answer = play("choose", backend=name).answer
    assert answer["backend"] in (h.FAST if name == "cpu" else [name])
    assert (answer["gpu_calls"], answer["modules"]) == (0, [])


ONE, TWO, NONE = ({"FAKECUDA_DEVICES": str(n)} for n in (1, 2, 0))


@pytest.mark.parametrize("environment,device", [
    (ONE, 0), (TWO, 1), ({**TWO, "OACONV_DEVICE": "1"}, -1), ({**TWO, "OACONV_DEVICE": "7"}, 1)])
def test_the_device_is_the_argument_or_that_of_the_environment(environment, device):
    assert play("choose", environment, backend="gpu", device=device).answer["backend"] == "cuda"


@pytest.mark.parametrize("environment,device,message", [
    (ONE, 5, "no CUDA device 5, only 0 to 0"), (TWO, 5, "no CUDA device 5, only 0 to 1"),
    ({**TWO, "OACONV_DEVICE": "2"}, -1, "no CUDA device 2, only 0 to 1"),
    ({"OACONV_DEVICE": "first"}, -1, 'OACONV_DEVICE is "first"'), (NONE, -1, "cudaErrorNoDevice")])
def test_a_device_that_does_not_exist_is_refused(environment, device, message):
    assert message in play("choose", environment, backend="gpu", device=device).answer["refusal"]


def test_auto_does_without_a_device_that_does_not_exist():
    for environment, device, why in ((NONE, -1, "cudaGetDeviceCount -> 100 cudaErrorNoDevice"),
                                     (ONE, 5, "there is no CUDA device 5, only 0 to 0")):
        child = play("choose", environment, device=device)
        assert child.answer["backend"] in h.FAST and child.answer["gpu_calls"] == 0
        (line,) = child.lines("info")
        assert re.fullmatch(rf"auto: no GPU, \w+ filters: {why}", line), line
        assert child.errors() == []


def test_auto_says_only_once_that_there_is_no_gpu():
    for environment in (NONE, {"OACONV_CUDA_MODULE": "/no/such/module.so"}):
        child = play("choose_twice", environment)
        assert all(answer["backend"] in h.FAST for answer in child.answer)
        assert len(child.lines("info")) == 1 and child.errors() == []


def test_the_environment_fills_in_for_auto_only():
    assert play("choose", {"OACONV_BACKEND": "gpu"}).answer["backend"] == "cuda"
    assert play("choose", {"OACONV_BACKEND": "cpu"}).answer["modules"] == []
    assert play("choose", {"OACONV_BACKEND": "cpu"}, backend="gpu").answer["backend"] == "cuda"
    assert play("choose", {"OACONV_BACKEND": "gpu"}, backend="cpu").answer["modules"] == []
    answer = play("choose", {"OACONV_BACKEND": "gpu", **NONE}).answer
    assert "cudaErrorNoDevice" in answer["refusal"]
