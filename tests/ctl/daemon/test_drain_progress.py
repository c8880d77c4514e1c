"""Drain and resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from household.v1 import server_service_pb2 as api
from tests.ctl.fake_daemon import drain_step

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


def test_drain(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli("drain", "--reason", "upgrade", "--deadline", "1m30s", "--yes")
    assert outcome.code == 0
    assert [line.split("  ")[0] for line in outcome.out.splitlines()] == [
        "state",
        "drain reason",
        "rest is closed in",
        "sessions",
    ]
    assert "1m30s" in outcome.out
    (request,) = daemon.asked(api.DrainServerRequest)
    assert request.deadline.seconds == 90  # type: ignore[attr-defined]


def test_drain_leaves_the_deadline_to_the_daemon(cli: Cli, daemon: FakeDaemon) -> None:
    assert cli("drain", "-r", "upgrade", "-y", "-o", "json").json["drain_reason"] == "upgrade"
    assert daemon.requests == [api.DrainServerRequest(reason="upgrade")]


def test_drain_at_once(cli: Cli, daemon: FakeDaemon) -> None:
    assert cli("drain", "-r", "upgrade", "--deadline", "0", "-y").code == 0
    (request,) = daemon.asked(api.DrainServerRequest)
    assert request.HasField("deadline")


def _like(daemon: FakeDaemon, sessions: int, state: api.ServerState.ValueType) -> api.Server:
    server = api.Server()
    server.CopyFrom(daemon.server)
    server.sessions = sessions
    server.state = state
    return server


def test_drain_waits_until_the_last_session_has_ended(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.drain_steps = [drain_step(left) for left in (2, 1, 0)]
    daemon.next_servers = [_like(daemon, 0, api.SERVER_STATE_DRAINING)]
    outcome = cli("drain", "-r", "upgrade", "-y", "--wait", "-o", "json")
    assert outcome.code == 0
    assert outcome.json["sessions"] == 0
    assert len(daemon.asked(api.WatchDrainRequest)) == 1
    # No terminal: progress is lines, not one for each message.
    assert outcome.err == "draining: 2 sessions, the rest is closed in 1m00s\n"


def test_timeout_bounds_the_wait_and_leaves_the_drain_going_on(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.drain_steps, daemon.watch_stays_open = [drain_step(2)], True
    outcome = cli("drain", "-r", "upgrade", "-y", "--wait", "--timeout", "1s")
    assert outcome.code == 7
    assert outcome.err == (
        "draining: 2 sessions, the rest is closed in 1m00s\n"
        "Error: the drain continues with 2 sessions after --timeout\n  to end it: householdctl resume\n"
    )


def test_drain_stops_waiting_when_somebody_resumes(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.drain_steps = [drain_step(2), drain_step(2, api.SERVER_STATE_SERVING)]
    outcome = cli("drain", "-r", "upgrade", "-y", "--wait")
    assert outcome.code == 6
    assert outcome.err.endswith("Error: the drain was ended: 2 sessions continue\n")


def test_drain_gives_up_on_sessions_that_outlive_the_deadline(
    cli: Cli, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("householdctl.daemon.drain_progress.GRACE_S", 0.2)
    daemon.drain_steps, daemon.watch_stays_open = [drain_step(2)], True
    outcome = cli("drain", "-r", "upgrade", "--deadline", "100ms", "-y", "--wait")
    assert outcome.code == 7
    assert outcome.err.endswith("Error: 2 sessions are left after the drain's deadline\n")


def test_resume(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.server.state = api.SERVER_STATE_DRAINING
    outcome = cli("resume")
    assert outcome.code == 0
    assert outcome.rows[0] == ["state", "SERVING"]
    assert cli("resume", "-o", "json").json["state"] == "SERVER_STATE_SERVING"
    assert cli("resume", "--dry-run", "--reason", "all is well").err == "dry run: nothing was changed\n"
    assert daemon.requests[-1] == api.ResumeServerRequest(reason="all is well", validate_only=True)
