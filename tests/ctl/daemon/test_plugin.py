"""health --check, as a monitoring system calls it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2

from household.v1 import server_service_pb2 as api

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon

FIGURES = (
    "sessions=3;;;0 loop_gap=0.61s;;;0 last_pass=0.0015s;;;0 restarts=4;;;0 download=26500000;;;0 upload=1200000;;;0"
)


def test_all_is_well(cli: Cli) -> None:
    outcome = cli("health", "--check")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"HOUSEHOLDD OK - 3 sessions, 2 of 2 workers ready | {FIGURES}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--warning", "sessions=2"), 1, "WARNING - sessions is 3, above 2; 3 sessions"),
        (("--warning", "sessions=3"), 0, "OK - 3 sessions"),
        (("--warning", "sessions=1", "--critical", "sessions=2"), 2, "CRITICAL - sessions is 3, above 2"),
        (("--critical", "loop_gap=500ms"), 2, "CRITICAL - loop_gap is 0.61, above 0.5"),
        (("--warning", "loop_gap=0.5", "--warning", "download=1e6"), 1, "download is 26500000, above 1000000"),
    ],
)
def test_thresholds(cli: Cli, arguments: tuple[str, ...], code: int, words: str) -> None:
    outcome = cli("health", "--check", *arguments)
    assert outcome.code == code
    assert words in outcome.out


def test_thresholds_are_among_the_figures(cli: Cli) -> None:
    out = cli(
        "health", "--check", "--warning", "loop_gap=1s", "--critical", "loop_gap=2s", "--critical", "sessions=9"
    ).out
    assert "loop_gap=0.61s;1;2;0" in out
    assert "sessions=3;;9;0" in out


def test_a_drain_is_a_warning(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.server.state = api.SERVER_STATE_DRAINING
    daemon.serving(health_pb2.HealthCheckResponse.NOT_SERVING)
    outcome = cli("health", "--check")
    assert outcome.code == 1
    assert "WARNING - the daemon is DRAINING" in outcome.out


def test_a_worker_that_is_missing_is_a_warning_and_none_left_is_critical(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.server.workers[1].state = api.WORKER_STATE_BACKOFF
    daemon.server.workers[1].detail = "died | of\nsignal 9"
    outcome = cli("health", "--check")
    assert outcome.code == 1
    assert "worker 1 is BACKOFF: died / of\\nsignal 9; 3 sessions, 1 of 2 workers ready" in outcome.out
    assert outcome.out.count("|") == 1
    daemon.server.workers[0].state = api.WORKER_STATE_BACKOFF
    assert cli("health", "--check").code == 2


def test_a_daemon_that_is_not_there_is_critical(bare_cli: Cli) -> None:
    outcome = bare_cli("health", "--check", "--target", "/nowhere/x.sock")
    assert (outcome.code, outcome.err) == (2, "")
    assert outcome.out == "HOUSEHOLDD CRITICAL - householdd cannot be reached at /nowhere/x.sock: no such file\n"


def test_what_cannot_be_known_is_unknown(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.fail("GetServer", grpc.StatusCode.PERMISSION_DENIED, "not yours")
    outcome = cli("health", "--check")
    assert (outcome.code, outcome.out) == (3, "HOUSEHOLDD UNKNOWN - not yours\n")


@pytest.mark.parametrize(
    "threshold", ["nonsense=1", "sessions", "sessions=many", "loop_gap=1x", "sessions=-1", "sessions=nan"]
)
def test_wrong_thresholds_are_unknown(cli: Cli, daemon: FakeDaemon, threshold: str) -> None:
    outcome = cli("health", "--check", "--warning", threshold)
    assert outcome.code == 3
    assert outcome.out.startswith(f"HOUSEHOLDD UNKNOWN - --warning {threshold}: ")
    assert daemon.requests == []


def test_thresholds_are_for_the_check(cli: Cli) -> None:
    assert cli("health", "--warning", "sessions=1").code == 2


def test_several_daemons_are_as_bad_as_the_worst(bare_cli: Cli, daemon: FakeDaemon) -> None:
    bare_cli("context", "add", "d", str(daemon.path))
    bare_cli("context", "add", "away", "/nowhere/x.sock")
    outcome = bare_cli("health", "--check", "--context", "*")
    assert outcome.code == 2
    assert re.match(
        r"HOUSEHOLDD CRITICAL - away: .* no such file; d: 3 sessions, .* \| 'd/sessions'=3;;;0 ", outcome.out
    )
