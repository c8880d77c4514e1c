"""The emergency stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from household.v1 import server_service_pb2 as api

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


@pytest.mark.parametrize("command", [("shutdown",), ("sessions", "shutdown")])
def test_shutdown(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...]) -> None:
    outcome = cli(*command, "--reason", "fire", "--yes")
    assert outcome.code == 0
    assert outcome.rows == [["sessions", "closed", "3"], ["workers", "killed", "1"]]
    assert daemon.requests == [api.ShutdownServerRequest(reason="fire")]


def test_shutdown_json(cli: Cli) -> None:
    assert cli("shutdown", "-r", "fire", "-y", "-o", "json").json == {"sessions_closed": 3, "killed_workers": ["1"]}


def test_a_daemon_that_does_not_answer_is_stopped_in_another_way(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.hang("ShutdownServer")
    outcome = cli("--timeout", "0.2", "shutdown", "--reason", "fire", "--yes")
    assert outcome.code == 7
    assert "systemctl kill -s USR2 householdd, or touch /run/householdd/emergency-stop" in outcome.err
