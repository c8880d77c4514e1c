"""``python -m householdd.worker``: a worker process, which only the supervisor starts."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import sys

import msgspec
import uvloop

from householdd.clients import addresses
from householdd.config.worker import WorkerSettings
from householdd.logs import setup
from householdd.version import VERSION
from householdd.worker import tuning
from householdd.worker.main import run

PR_SET_PDEATHSIG = 1
"""Of linux/prctl.h."""


def main() -> None:
    """Read the settings from standard input and run."""
    faulthandler.enable()
    _refuse_other_version(sys.argv[1:])
    line = _read_line()
    _die_with_the_supervisor()
    tuning.fix_mmap_threshold()
    settings = msgspec.json.decode(line, type=WorkerSettings)
    setup.set_up(settings.runtime.log_level, settings.log_format, worker=settings.name)
    addresses.customer_size.ipv6_prefix = settings.ipv6_customer_prefix
    # Ctrl-C on a terminal is for the supervisor, which tells its workers. An emergency stop is heard once there is
    # traffic that it could end.
    for number in (signal.SIGINT, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    uvloop.run(run(settings))


def _refuse_other_version(arguments: list[str]) -> None:
    """Exit if the supervisor is of another version: a package was unpacked, and the daemon not restarted yet."""
    if arguments and arguments != [VERSION]:
        sys.exit(
            f"householdd: these files are version {VERSION}, the running supervisor is {arguments[0]}; "
            "type: systemctl restart householdd"
        )


def _read_line() -> bytes:
    line = bytearray()
    # Unbuffered, so that the event loop sees the end of the pipe and nothing is left behind in a buffer.
    while not line.endswith(b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            sys.exit("householdd.worker is started by householdd; there is nothing to run by hand")
        line += byte
    return bytes(line)


def _die_with_the_supervisor() -> None:
    """Have the kernel kill this process when the supervisor ends, in case the worker is too stuck to notice."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
