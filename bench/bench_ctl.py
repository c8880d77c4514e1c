"""Start-up time of householdctl: CPU time beyond that of an idle Python, minimum of many runs.

CPU time, because a command hardly waits, and other work on the machine then matters less.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.daemon import running

RUNS = 30

# As installed, with cached bytecode, which a build environment may forbid.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def least(*command: str) -> float:
    """Return the user and system time of the fastest run, in seconds."""
    return min(_seconds(command) for _ in range(RUNS))


def _seconds(command: tuple[str, ...]) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as daemon:
        bare = least(sys.executable, "-c", "pass")
        print(f"python -c pass: {bare * 1000:.0f} ms")
        target = ("--target", str(daemon.control_socket))
        for arguments in (("--help",), (*target, "sessions", "list"), (*target, "sessions", "list", "-o", "json")):
            taken = least(sys.executable, "-m", "householdctl", *arguments)
            name = " ".join(word for word in arguments if word not in target)
            print(f"householdctl {name}: {taken * 1000:.0f} ms, {taken / bare:.1f} times that")


if __name__ == "__main__":
    main()
