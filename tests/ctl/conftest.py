from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from grpc_health.v1 import health_pb2

from household.v1 import server_service_pb2 as server_api
from householdctl.__main__ import run
from tests.ctl.fake_daemon import FakeDaemon, session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def json_lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def rows(self) -> list[list[str]]:
        return [line.split() for line in self.out.splitlines()]


class Cli(Protocol):
    def __call__(self, *arguments: str) -> Outcome: ...


@pytest.fixture(autouse=True)
def _nobody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No daemon of this machine, and nothing of its environment, takes part in a test."""
    for variable in [name for name in os.environ if name.startswith(("HOUSEHOLDCTL_", "XDG_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("householdctl.control.target.SYSTEM_SOCKET", tmp_path / "system.sock")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[FakeDaemon]:
    fake = FakeDaemon(tmp_path / "d.sock")
    fake.sessions = [session(1), session(2, user_id="sarah_1"), session(3, user_id="jake_1")]
    fake.serving(health_pb2.HealthCheckResponse.SERVING)
    fake.server.CopyFrom(_server())
    with fake.running():
        yield fake


@pytest.fixture
def bare_cli(capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs householdctl in this process."""

    def call(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


@pytest.fixture
def cli(daemon: FakeDaemon, bare_cli: Cli) -> Cli:
    """Runs householdctl on the fake daemon."""
    return lambda *arguments: bare_cli("--target", str(daemon.path), *arguments)


def _server() -> server_api.Server:
    server = server_api.Server(
        version="9.9.9",
        hostname="probe1",
        state=server_api.SERVER_STATE_SERVING,
        listen_urls=["https://0.0.0.0:8443/"],
        sessions=3,
        download_bps=26.5e6,
        upload_bps=1.2e6,
    )
    server.started_at.FromJsonString("2026-01-01T00:00:00Z")
    server.uptime.FromSeconds(3 * 3600 + 20 * 60)
    for name in ("0", "1"):
        worker = server.workers.add(name=name, state=server_api.WORKER_STATE_READY, pid=4000 + int(name), restarts=2)
        worker.control_loop.passes = 48_000
        worker.control_loop.slow_passes = 7
        worker.control_loop.last_pass.FromMicroseconds(1_500)
        worker.control_loop.longest_gap.FromMilliseconds(610)
        worker.sessions.add(state="SESSION_STATE_ACTIVE", count=2)
    server.totals.sessions_opened = 12
    server.totals.sent_bytes = 5_000_000_000
    server.totals.sessions_closed.add(reason="CLOSE_REASON_PROBES_FAILED", count=4)
    return server
