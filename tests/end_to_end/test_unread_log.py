"""A log that nobody reads: a full pipe on standard error keeps nothing from its work."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from household.v1 import server_service_pb2, session_service_pb2
from tests import scraping
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.websocket_clients import OldPage, client
from tests.worker.http_client import ask

PIPE_BYTES = 4096
SHORT_SESSIONS = 16
"""Their closing lines are more than the pipe holds."""


class Log:
    """The reading end of a daemon's standard error."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._text = b""

    def until(self, event: str) -> dict[str, Any]:
        """Read up to the line of an event."""
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            for line in self._text.splitlines(keepends=True):
                if line.endswith(b"\n") and line.startswith(b"{"):
                    parsed: dict[str, Any] = json.loads(line)
                    if parsed["event"] == event:
                        return parsed
            self._text += os.read(self._fd, 65536)
        raise AssertionError(f"no line {event!r} in {self._text!r}")


@contextlib.contextmanager
def unread(directory: Path, *options: str) -> Iterator[tuple[Daemon, Log]]:
    """A daemon whose log is a small pipe, read up to the line that it serves and then no more."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    try:
        with running(directory, *options, stderr=writing) as daemon:
            yield daemon, Log(reading)
    finally:
        os.close(reading)
        os.close(writing)


async def fill(daemon: Daemon) -> None:
    """Have the workers write more lines than the pipe takes."""
    for number in range(SHORT_SESSIONS):
        async with client(daemon, f"alex_{number}", OldPage) as short:
            await short.opened()


def refused_orders(daemon: Daemon) -> None:
    """Have the supervisor write a hundred lines of some 4 KiB."""
    request = session_service_pb2.KillSessionsRequest(reason="no such ids")
    request.ids.ids.extend("x" * 200 for _ in range(20))
    for _ in range(100):
        with contextlib.suppress(grpc.RpcError):
            daemon.sessions.KillSessions(request, timeout=10)


async def test_sessions_page_and_control_api_go_on(tmp_path: Path) -> None:
    with unread(tmp_path) as (daemon, _):
        async with client(daemon, "jake", OldPage) as jake:
            await fill(daemon)
            before = jake.received_bytes
            await jake.until(lambda: jake.received_bytes > before)
            assert (await asyncio.to_thread(ask, daemon, "/")).status == 200
            assert daemon.get_server().sessions == 1


def by_rpc(daemon: Daemon) -> None:
    daemon.server.ShutdownServer(server_service_pb2.ShutdownServerRequest(reason="flood"), timeout=10)


def by_file(daemon: Daemon) -> None:
    (daemon.runtime_dir / "emergency-stop").touch()


def by_signal(daemon: Daemon) -> None:
    daemon.process.send_signal(signal.SIGUSR2)


def by_two_terms(daemon: Daemon) -> None:
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    daemon.process.send_signal(signal.SIGTERM)


@pytest.mark.parametrize("stop", [by_rpc, by_file, by_signal, by_two_terms])
async def test_every_way_to_stop_works(tmp_path: Path, stop: Callable[[Daemon], None]) -> None:
    with unread(tmp_path) as (daemon, _):
        async with client(daemon, "jake", OldPage) as jake:
            await fill(daemon)
            await asyncio.to_thread(stop, daemon)
            await asyncio.wait_for(jake.connection.wait_closed(), TIMEOUT_S)
        assert await asyncio.to_thread(daemon.process.wait, TIMEOUT_S) == 0


def test_dropped_lines_are_told_once_reading_goes_on_and_counted(tmp_path: Path) -> None:
    with unread(tmp_path, *scraping.LISTEN) as (daemon, log):
        metrics = log.until("serving")["metrics"]

        def dropped() -> int:
            with urllib.request.urlopen(metrics, timeout=10) as answer:
                page = answer.read().decode()
            prefix = 'householdd_log_lines_dropped_total{role="supervisor"} '
            (line,) = [line for line in page.splitlines() if line.startswith(prefix)]
            return int(float(line.removeprefix(prefix)))

        def dropped_after_orders() -> int:
            refused_orders(daemon)
            return dropped()

        wait_until(dropped_after_orders, "a line is dropped")
        told = log.until("log lines dropped")
        assert (told["logger"], told["level"]) == ("logs", "warning")
        wait_until(lambda: dropped() == told["lines"], "the metric says as many")
