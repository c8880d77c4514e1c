"""Health of daemons."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from grpc_health.v1 import health_pb2

from household.v1 import server_service_pb2 as api

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
