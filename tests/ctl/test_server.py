from __future__ import annotations

import re
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from grpc_health.v1 import health_pb2

from household.v1 import server_service_pb2 as api
from tests.ctl.fake_daemon import drain_step

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


def test_health_shows_the_daemon_and_its_workers(cli: Cli) -> None:
    outcome = cli("health")
    assert outcome.code == 0
    assert outcome.err == ""
    for shown in ("SERVING", "3h20m", "26.5 Mbit/s", "1.2 Mbit/s", "5.0 GB", "closed, PROBES_FAILED"):
        assert shown in outcome.out
    worker = next(row for row in outcome.rows if row[:2] == ["1", "READY"])
    assert worker == ["1", "READY", "4001", "2", "2", "ACTIVE", "0", "48000", "7", "2ms", "610ms", "-"]


@pytest.mark.parametrize("style", ["json", "jsonl"])
def test_health_json(cli: Cli, style: str) -> None:
    document = cli("health", "-o", style).json
    assert document["healthy"] is True
    assert document["problems"] == []
    assert document["serving_status"] == "SERVING"
    assert document["server"]["workers"][0]["control_loop"]["slow_passes"] == "7"


def test_health_of_a_daemon_that_drains(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.server.state = api.SERVER_STATE_DRAINING
    daemon.serving(health_pb2.HealthCheckResponse.NOT_SERVING)
    outcome = cli("health")
    assert outcome.code == 8
    assert outcome.err == "warning: the daemon is DRAINING, its health service says NOT_SERVING\n"


def test_health_with_a_worker_that_is_not_ready(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.server.workers[1].state = api.WORKER_STATE_BACKOFF
    daemon.server.workers[1].detail = "died of signal 9"
    outcome = cli("health", "-o", "json")
    assert outcome.code == 8
    assert outcome.json["problems"] == ["worker 1 is BACKOFF: died of signal 9"]


@pytest.mark.parametrize(
    ("begins_in", "ends_in", "words", "code"),
    [
        (-30, 7.5, "", 0),
        (-30, 6.5, "is valid until .* \\(for 6 days\\)", 1),
        (-30, -1.5, "expired since .* \\(1 day ago\\); clients refuse it", 2),
        (0.5, 30, "not valid before .*; clients refuse it", 2),
    ],
)
@pytest.mark.parametrize("setting", ["cert", "access.tcp.cert", "access.tcp.client_ca"])
def test_health_with_a_certificate(
    cli: Cli, daemon: FakeDaemon, setting: str, begins_in: float, ends_in: float, words: str, code: int
) -> None:
    certificate = daemon.server.certificates.add(setting=setting, file="/etc/householdd/tls.crt")
    certificate.valid_from.FromSeconds(int(time.time() + begins_in * 86400))
    certificate.expires_at.FromSeconds(int(time.time() + ends_in * 86400))
    outcome = cli("health")
    assert outcome.code == (8 if code else 0)
    assert f"certificate, {setting}" in outcome.out
    assert re.search(words, outcome.err)
    check = cli("health", "--check")
    assert check.code == code
    assert re.search(words, check.out)


def test_health_with_a_worker_that_is_overloaded(cli: Cli, daemon: FakeDaemon) -> None:
    overload = daemon.server.workers[1].overload
    overload.step = api.OVERLOAD_STEP_NORMAL
    assert cli("health").code == 0
    overload.step, overload.cause = api.OVERLOAD_STEP_SLOW, api.OVERLOAD_CAUSE_LAG
    overload.figure, overload.threshold = 0.31, 0.2
    outcome = cli("health", "-o", "json")
    assert outcome.code == 8
    (problem,) = outcome.json["problems"]
    words = "lateness of its control loop 310ms, too much from 200ms on"
    assert problem == f"worker 1 is overloaded: new runs are refused, bulk sessions slowed; {words}"
    assert cli("health", "--check").code == 1


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


@pytest.mark.parametrize("command", [("shutdown",), ("sessions", "shutdown")])
def test_shutdown(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...]) -> None:
    outcome = cli(*command, "--reason", "fire", "--yes")
    assert outcome.code == 0
    assert outcome.rows == [["sessions", "closed", "3"], ["workers", "killed", "1"]]
    assert daemon.requests == [api.ShutdownServerRequest(reason="fire")]


def test_shutdown_json(cli: Cli) -> None:
    assert cli("shutdown", "-r", "fire", "-y", "-o", "json").json == {"sessions_closed": 3, "killed_workers": ["1"]}


def test_version(cli: Cli) -> None:
    assert cli("version").rows == [["householdctl", version("householdd")], ["householdd", "9.9.9"]]
    assert cli("version", "-o", "json").json["householdd"] == "9.9.9"


def test_the_version_is_an_option_too(bare_cli: Cli) -> None:
    outcome = bare_cli("--version")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"householdctl {version('householdd')}\n"


def test_version_without_a_daemon(bare_cli: Cli) -> None:
    outcome = bare_cli("version")
    assert outcome.code == 0
    assert "no control socket" in outcome.out
    assert bare_cli("version", "-o", "json").json["householdd"] is None


def test_health_tells_of_a_webhook_that_is_not_delivered(cli: Cli, daemon: FakeDaemon) -> None:
    webhook = daemon.server.history.webhook
    webhook.delivered = 7
    assert ["webhook", "since", "start", "7", "delivered,", "0", "waiting,", "0", "dropped"] in cli("health").rows
    webhook.waiting, webhook.problem = 2, "[Errno 111] Connection refused"
    outcome = cli("health")
    assert outcome.code == 8
    assert outcome.err == (
        "warning: the webhook is not delivered: [Errno 111] Connection refused (2 waiting, 0 dropped)\n"
    )
    now = daemon.server.started_at.seconds + daemon.server.uptime.seconds
    webhook.failed_at.FromSeconds(now - 120)
    webhook.next_attempt_at.FromSeconds(now + 40)
    for command in (("health",), ("health", "--check")):
        outcome = cli(*command)
        assert (
            "the webhook is not delivered: [Errno 111] Connection refused "
            "(2m00s ago, next attempt in 40.0s, 2 waiting, 0 dropped)"
        ) in outcome.err + outcome.out


def test_health_tells_since_when_the_history_is_not_written(cli: Cli, daemon: FakeDaemon) -> None:
    history = daemon.server.history
    history.state, history.problem, history.waiting = api.HISTORY_STATE_FAILING, "database or disk is full", 3
    history.failing_since.FromSeconds(daemon.server.started_at.seconds + daemon.server.uptime.seconds - 90)
    words = "the history is not written: database or disk is full (for 1m30s, 3 waiting, 0 dropped)"
    for command, code in ((("health",), 8), (("health", "--check"), 1)):
        outcome = cli(*command)
        assert outcome.code == code
        assert words in outcome.err + outcome.out


def test_health_shows_warnings_about_the_history_and_is_well(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.server.history.state = api.HISTORY_STATE_WRITING
    daemon.server.history.warnings.append("nothing is deleted as too old")
    outcome = cli("health")
    assert outcome.code == 0
    assert ["history", "warning", "nothing", "is", "deleted", "as", "too", "old"] in outcome.rows
