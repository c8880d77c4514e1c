"""The leak check as a script: ``python tests/test_resource_leak_fix.py [URL]``; it takes the options of the command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from householdctl.__main__ import run as run_householdctl
from householdctl.control.target import default_target
from householdctl.data_plane.leak_run import run_check

if TYPE_CHECKING:
    from householdctl.data_plane.leak_check import LeakReport
    from tests.daemon import Daemon


def run(url: str | None = None) -> LeakReport:
    """Checks the server at ``url``, by default the one of this machine.

    Raises householdctl.exit_codes.CommandError when there is no server to check.
    """
    return run_check(url, target=default_target(os.environ))


def test_the_daemon_leaks_nothing(shared_daemon: Daemon) -> None:
    report = run(shared_daemon.ws_url)
    assert (report.sessions_created, report.sessions_disconnected, report.leaks_detected) == (4, 4, 0)


if __name__ == "__main__":
    sys.exit(run_householdctl(["check", "leaks", *sys.argv[1:]]))
