#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the cases of ctest reports: summarize_tests.py REPORT.xml... [--not-built=FOLDER]...

A ctest test that runs many cases (pytest, CppUnit) is counted case by case, from its output. Prints
what failed, what was skipped and why, and last "N passed, N failed, N skipped". What programs say
they leave out beside cases that they run, such as a backend, is counted once per report, however
many of them say so. Exits with 1 where something failed, or nothing passed.
"""
import argparse
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field

PYTEST_TOTAL = re.compile(r"^[= ]*((?:\d+ \w+(?:, )?)+) in [\d.]+s\b.*$", re.M)
PYTEST_SKIP = re.compile(r"^SKIPPED \[(\d+)\] (.*)$", re.M)
CPPUNIT_OK = re.compile(r"^OK \((\d+)(?: tests?)?\)", re.M)
CPPUNIT_FAILED = re.compile(
    r"Run:\s*(\d+)\s+(?:Failure total:\s*\d+\s+)?Failures:\s*(\d+)\s+Errors:\s*(\d+)"
)
# What a C or C++ test prints of something that it cannot test here, such as a backend.
SKIP_LINE = re.compile(r"^skipped: *(.*)$", re.M)


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)  # names of ctest tests
    skips: list = field(default_factory=list)  # reasons
    left_out: set = field(default_factory=set)  # reasons, not among the skipped yet

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.skips += other.skips
        self.left_out |= other.left_out

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def count_output(output):
    """Cases that a test program says it ran, or None where it does not say."""
    total = PYTEST_TOTAL.findall(output)
    if total:
        n = {word.rstrip("s"): int(number) for number, word in re.findall(r"(\d+) (\w+)", total[-1])}
        return Count(
            passed=n.get("passed", 0),
            failed=n.get("failed", 0) + n.get("error", 0) + n.get("xpassed", 0),
            skipped=n.get("skipped", 0) + n.get("xfailed", 0),
            skips=[why if n == "1" else f"{why} ({n} cases)" for n, why in PYTEST_SKIP.findall(output)],
        )
    left_out = set(SKIP_LINE.findall(output))
    failed = CPPUNIT_FAILED.search(output)
    if failed:
        run, failures, errors = map(int, failed.groups())
        bad = failures + errors
        return Count(run - bad, bad, left_out=left_out)
    ok = CPPUNIT_OK.search(output)
    if ok:
        return Count(int(ok[1]), left_out=left_out)
    return None


def count_test(case):
    """Cases of one ctest test, whose own verdict stands above what its output says."""
    output = case.findtext("system-out") or ""
    verdict = case.get("status")
    skipped = case.find("skipped")
    if verdict == "run":
        count = count_output(output) or Count(passed=1)
        if count.passed + count.skipped + len(count.left_out) == 0:
            count.failed = max(count.failed, 1)
    elif verdict == "fail":
        count = count_output(output) or Count()
        count.failed = max(count.failed, 1)
    elif skipped is not None and "SKIP" in skipped.get("message", ""):
        lines = SKIP_LINE.findall(output) or output.strip().splitlines()[-1:] or ["no reason given"]
        count = Count(skipped=1, skips=["; ".join(lines)])
    else:  # not run: its program is missing, or a fixture it needs failed
        count = Count(failed=1)
    if count.failed:
        count.failures = [case.get("name")]
    return count


def count_report(path):
    count = Count()
    cases = ET.parse(path).getroot().findall("testcase") if path.exists() else []
    for case in cases:
        count.add(count_test(case))
    count.skipped += len(count.left_out)
    count.skips += sorted(count.left_out)
    return count if cases else Count(failed=1, failures=["no tests were run"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", nargs="*", type=pathlib.Path)
    parser.add_argument("--not-built", action="append", default=[], metavar="FOLDER")
    arguments = parser.parse_args()

    total = Count()
    print("== summary")
    for report in arguments.reports:
        folder = os.path.relpath(report.parent)
        count = count_report(report)
        count.failures = [f"{folder}: {name}" for name in count.failures]
        print(f"{folder}: {count}")
        total.add(count)
    for folder in arguments.not_built:
        total.add(Count(failed=1, failures=[f"{folder}: does not build"]))
    for why, times in Counter(total.skips).items():
        print(f"skipped {times} times: {why}")
    for what in total.failures:
        print(f"FAILED: {what}")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
