from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from householdd.api import metric_families as metrics
from householdd.supervisor.counter_aggregate import Key, Value
from householdd.supervisor.metrics.processes import Processes, read

BUSY = "import sys, time\nwhile time.process_time() < 0.2: pass\nprint(flush=True)\nsys.stdin.read()"


@contextmanager
def busy() -> Iterator[int]:
    """A process that has used two tenths of a second of CPU time, which the kernel shows in hundredths."""
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def values(processes: Processes, pid: int) -> dict[Key, Value]:
    return dict(processes.values({"worker-0": pid}))


def test_a_process_is_seen_as_the_kernel_sees_it() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    reading = read(os.getpid())
    assert reading is not None
    assert reading.cpu > 0
    assert 10**6 < reading.resident < 10**10
    assert reading.threads >= 1
    assert abs(reading.open_fds - before) <= 2
    assert reading.open_fds < reading.max_fds


def test_a_process_that_ended_has_no_figures() -> None:
    with busy() as pid:
        assert read(pid) is not None
    assert read(pid) is None


def test_cpu_time_goes_on_when_a_process_is_replaced() -> None:
    processes, key = Processes(), (metrics.PROCESS_CPU.name, ("worker-0",))
    with busy() as pid:
        first = values(processes, pid)[key].number
    assert first >= 0.1
    gone = values(processes, 0)
    assert gone == {key: Value(first)}
    with busy() as pid:
        assert values(processes, pid)[key].number >= first + 0.1


HARDENED = """
import os, subprocess, sys
from householdd.supervisor.metrics.processes import read
os.setgid(65534)
os.setuid(65534)
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
    # Who changed its user may not be looked at, and neither may its child until it has become another program.
    worker.stdin.write(b"here")
    worker.stdin.flush()
    worker.stdout.read(4)
    readings = [read(worker.pid), read(os.getpid())]
    worker.kill()
print(os.path.exists("/proc/stat"), *(reading is not None and reading.open_fds > 0 for reading in readings))
"""


def test_processes_can_be_seen_from_within_the_hardened_unit() -> None:
    # What ProcSubset=pid, ProtectProc=invisible and an unprivileged user make of it.
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        pytest.skip("no mount namespace of its own, which needs root")
    mount = "mount -t proc -o subset=pid,hidepid=invisible proc /proc"
    command = ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c", HARDENED]
    seen = subprocess.run(command, capture_output=True, text=True)
    assert (seen.stdout, seen.returncode) == ("False True True\n", 0), seen.stderr
