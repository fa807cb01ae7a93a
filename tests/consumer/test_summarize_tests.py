#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that scripts/summarize_tests.py counts every case and calls no failure a pass."""
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

SUMMARIZE = Path(__file__).resolve().parents[2] / "scripts" / "summarize_tests.py"
SKIPPED = '<skipped message="SKIP_RETURN_CODE=77"/>'
NOT_FOUND = '<skipped message="Unable to find executable"/>'
NO_DRIVER = "skipped: cuda, no driver\n\nOK (2 tests)\n"
ONE_CORE = "skipped: affinity, one core only\n" + NO_DRIVER
PYTEST = "SKIPPED [2] test_it.py:3: no GPU\n=== 1 failed, 7 passed, 2 skipped in 1.02s ===\n"

# (ctest's verdict, what stands in its report besides, output; passed, failed, skipped)
CASES = [
    ("run", "", "no counts in here", 1, 0, 0),
    ("fail", "<failure/>", "no counts in here", 0, 1, 0),
    ("notrun", SKIPPED, "skipped: no GPU", 0, 0, 1),
    ("notrun", NOT_FOUND, "", 0, 1, 0),
    ("run", "", "OK (12)\n", 12, 0, 0),
    ("run", "", "skipped: cuda, no driver\n\nOK (1 tests)\n", 1, 0, 1),
    ("run", "", "OK (0)\n", 0, 1, 0),
    ("fail", "<failure/>", "OK (3)\nthen it crashed", 3, 1, 0),
    ("fail", "<failure/>", "Run: 5   Failure total: 2   Failures: 1   Errors: 1", 3, 2, 0),
    ("fail", "<failure/>", PYTEST, 7, 1, 2),
    ("run", "", "3 passed, 1 warning in 61.20s (0:01:01)\n", 3, 0, 0),
    ("run", "", "2 passed, 1 xfailed in 0.10s\n", 2, 0, 1),
    ("fail", "<failure/>", "==== 2 passed, 1 error in 0.10s ====\n", 2, 1, 0),
    ("run", "", "==== no tests ran in 0.01s ====\n==== 1 deselected in 0.01s ====\n", 0, 1, 0),
]

# (outputs of programs of one report; passed, failed, skipped): the same words are one skip.
REPORTS = [
    ([NO_DRIVER, NO_DRIVER], 4, 0, 1),
    ([NO_DRIVER, ONE_CORE, ONE_CORE], 6, 0, 2),
    ([NO_DRIVER, PYTEST], 9, 1, 3),
]


def as_test(verdict, extra, output):
    return (
        f'<testcase name="t" status="{verdict}">{extra}'
        f"<system-out>{escape(output)}</system-out></testcase>"
    )


def summarize(*arguments):
    done = subprocess.run([sys.executable, SUMMARIZE, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()[-1]


def main():
    wrong = []
    reports = [([as_test(*case[:3])], *case[2:]) for case in CASES]
    reports += [([as_test("run", "", o) for o in case[0]], *case) for case in REPORTS]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        for tests, output, passed, failed, skipped in reports:
            report.write_text(f"<testsuite>{''.join(tests)}</testsuite>")
            status = int(failed > 0 or passed == 0)
            expected = status, f"{passed} passed, {failed} failed, {skipped} skipped"
            if summarize(report) != expected:
                wrong.append(f"{output!r}: {summarize(report)}, not {expected}")

        tests = as_test("run", "", NO_DRIVER)
        report.write_text(f"<testsuite>{tests}</testsuite>")
        if summarize(report, report) != (0, "4 passed, 0 failed, 2 skipped"):
            wrong.append(f"two reports: {summarize(report, report)}")

        report.write_text("<testsuite/>")
        for arguments in ([report], [report.with_name("absent.xml")], ["--not-built=build"]):
            if summarize(*arguments) != (1, "0 passed, 1 failed, 0 skipped"):
                wrong.append(f"{arguments}: {summarize(*arguments)}")
    print("\n".join(wrong) or f"{len(reports)} reports counted")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
