#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program and checks what it says: expect.py STATUS PATTERN PROGRAM [OPTION]...

The exit status must be this one, or one of several with commas between, and the output, errors
included, must match this regular expression. With --json among the options standard output must be one JSON object.
"""
import json
import re
import subprocess
import sys


def main():
    status, pattern, *command = sys.argv[1:]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    print(done.stdout + done.stderr)
    if str(done.returncode) not in status.split(","):
        sys.exit(f"exit status {done.returncode}, not {status}")
    if not re.search(pattern, done.stdout + done.stderr):
        sys.exit(f"nothing matches {pattern}")
    if "--json" in command and not isinstance(json.loads(done.stdout), dict):
        sys.exit("not a JSON object")


if __name__ == "__main__":
    main()
