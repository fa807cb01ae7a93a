# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases that may end or stop the process they run in: a test file runs itself in child processes.

The file holds its cases by group and name, {group: {name: callable}}; a callable raises what it
finds wrong:

    @pytest.mark.parametrize("group", GROUPS)
    def test_them(group):
        survival.expect(__file__, GROUPS, group)

    if __name__ == "__main__":
        survival.run(GROUPS)
"""
import resource
import signal
import subprocess
import sys
import traceback

LONGEST_CASE = 60  # seconds
MOST_MEMORY = 8 << 30  # of a child, so that a large argument does not take the machine's
BEGUN, WRONG = "case begun: ", "case wrong: "


def run(groups):
    """In the child: of a group that the command line names all cases from one on."""
    group, first = sys.argv[1], int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    for i, (name, case) in list(enumerate(groups[group].items()))[first:]:
        signal.alarm(LONGEST_CASE)
        print(f"\n{BEGUN}{i}", flush=True)
        try:
            case()
        except Exception as error:  # the next case is another matter
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{name}: {type(error).__name__} in line {where.lineno}: {error}"
            print(f"\n{WRONG}{' '.join(text.split())}", flush=True)


def end_of(status):
    if status == -signal.SIGALRM:
        return f"took longer than {LONGEST_CASE} s"
    return f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with {status}"


def expect(file, groups, group):
    """Runs the cases of a group in a child, and in a new one behind each that does not come back; fails with
    the names of those, and of the cases that raised."""
    names, failures, first = list(groups[group]), [], 0
    while first < len(names):
        child = subprocess.run([sys.executable, file, group, str(first)], text=True,
                               errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               check=False)  # ends by itself: the cases have an alarm
        lines = child.stdout.splitlines()
        begun = [int(line[len(BEGUN):]) for line in lines if line.startswith(BEGUN)]
        assert begun, f"no case was begun: {child.stdout[-2000:]}"
        failures += [line[len(WRONG):] for line in lines if line.startswith(WRONG)]
        if child.returncode != 0:
            failures.append(f"{names[begun[-1]]}: {end_of(child.returncode)}")
        first = begun[-1] + 1
    assert not failures, "\n".join(failures)
