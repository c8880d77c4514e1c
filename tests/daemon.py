"""The real daemon in a process, driven from outside as by its users."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc

from household.v1 import (
    config_service_pb2_grpc,
    history_service_pb2_grpc,
    server_service_pb2,
    server_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)

TIMEOUT_S = 30.0
"""Timeout of a test's wait, in seconds, ample for a slow machine."""


CROWD = {
    f"HOUSEHOLDD_LIMITS__{name}": "100000"
    for name in (
        "MAX_SESSIONS",
        "MAX_SESSIONS_PER_ADDRESS",
        "MAX_SESSIONS_PER_NETWORK",
        "HANDSHAKES_PER_SECOND",
        "HANDSHAKES_PER_SECOND_PER_ADDRESS",
        "REQUESTS_PER_SECOND_PER_ADDRESS",
        "CUSTOMER_MBPS",
        "MAX_UNFINISHED_HANDSHAKES",
        "MAX_UNFINISHED_HANDSHAKES_PER_ADDRESS",
        "BREAKER_FAILURES",
        "BREAKER_HANDSHAKES",
        "BREAKER_FAILURES_PER_PROFILE",
    )
} | {"HOUSEHOLDD_OVERLOAD__ENABLED": "false"}
"""Environment of a daemon with many customers at one address of the same machine."""


KEEP_SHORT = {"HOUSEHOLDD_HISTORY__MIN_SESSION_SECONDS": "0"}
"""Environment of a daemon that stores all sessions, also the short ones of tests."""


class Stubs:
    """The control API on a channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        # The generated stubs are typed for synchronous and asynchronous channels at once.
        self.sessions = session_service_pb2_grpc.SessionServiceStub(channel)
        self.server = server_service_pb2_grpc.ServerServiceStub(channel)
        self.config = config_service_pb2_grpc.ConfigServiceStub(channel)
        self.history = history_service_pb2_grpc.HistoryServiceStub(channel)


class Daemon:
    """A running ``householdd --dev`` with its files in ``directory`` and a free port."""

    def __init__(
        self,
        directory: Path,
        *options: str,
        env: dict[str, str] | None = None,
        prefix: tuple[str, ...] = (),
        close_fds: bool = True,
        stderr: int | None = None,
    ) -> None:
        """Start the daemon and wait until it serves.

        ``prefix`` is a command that runs the rest of its arguments, such as ip netns exec. ``stderr`` is a descriptor
        used instead of the file ``log``.
        """
        self.directory = directory
        self.runtime_dir = directory / "run"
        self.log = directory / "log"
        listen = () if "--listen" in options else ("--listen", "127.0.0.1:0")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(*prefix, sys.executable, "-m", "householdd", "--dev", *listen),
                    *("--runtime-dir", str(self.runtime_dir), "--state-dir", str(directory / "state"), *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log if stderr is None else stderr,
                env={**os.environ, **KEEP_SHORT, **(env or {})},
                text=True,
                close_fds=close_fds,
            )
        if self.process.stdout is None:
            raise AssertionError
        announcement = self.process.stdout.readline()
        if not announcement:
            self.process.wait()
            raise AssertionError(f"the daemon did not start: {self.log.read_text()}")
        self.url = announcement.split()[-1]
        self.ws_url = self.url.replace("http", "ws", 1) + "ws/virtual-household/"
        self.control_socket = self.runtime_dir / "control.sock"
        self._channel = grpc.insecure_channel(f"unix:{self.control_socket}")
        stubs = Stubs(self._channel)
        self.sessions, self.server, self.config = stubs.sessions, stubs.server, stubs.config
        self.history = stubs.history

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the data plane."""
        host, port = self.url.split("/")[2].rsplit(":", 1)
        return host, int(port)

    @property
    def tls(self) -> ssl.SSLContext:
        """Client context that trusts only the daemon's certificate."""
        return ssl.create_default_context(cafile=str(self.directory / "state" / "dev-ca.pem"))

    def get_server(self) -> server_service_pb2.Server:
        """Return the daemon as in GetServer."""
        server: server_service_pb2.Server = self.server.GetServer(
            server_service_pb2.GetServerRequest(), timeout=10
        ).server
        return server

    def worker_pids(self) -> list[int]:
        """Return the process ids of running workers."""
        return [worker.pid for worker in self.get_server().workers if worker.pid]

    def list_sessions(self, filter_text: str = "") -> list[session_pb2.Session]:
        """Return all live sessions, up to a thousand."""
        request = session_service_pb2.ListSessionsRequest(page_size=1000, filter=filter_text)
        return list(self.sessions.ListSessions(request, timeout=10).sessions)

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run householdctl against this daemon."""
        return subprocess.run(
            [sys.executable, "-m", "householdctl", "--target", str(self.control_socket), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S * 2,
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the log lines of one event so far."""
        lines = (json.loads(line) for line in self._settled_log().splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("event") == name]

    def _settled_log(self) -> str:
        """Return the log once it stops growing; a thread writes it with a delay."""
        text, deadline = self.log.read_text(), time.monotonic() + 1
        while time.monotonic() < deadline:
            time.sleep(0.03)
            before, text = text, self.log.read_text()
            if text == before:
                break
        # The last line may be incomplete.
        return text[: text.rfind("\n") + 1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop the daemon if it runs; return its exit status."""
        self._channel.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
            # A second signal ends the drain.
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(1)
            self.process.send_signal(number)
        return self.process.wait(TIMEOUT_S)


@contextlib.contextmanager
def running(
    directory: Path,
    *options: str,
    env: dict[str, str] | None = None,
    prefix: tuple[str, ...] = (),
    close_fds: bool = True,
    stderr: int | None = None,
) -> Iterator[Daemon]:
    """Run a daemon for a block; stop it at the end, or kill it."""
    daemon = Daemon(directory, *options, env=env, prefix=prefix, close_fds=close_fds, stderr=stderr)
    try:
        yield daemon
    finally:
        try:
            daemon.stop()
        finally:
            daemon.process.kill()
            if daemon.process.stdout is not None:
                daemon.process.stdout.close()


def wait_until(condition: Callable[[], object], what: str, timeout_s: float = TIMEOUT_S) -> None:
    """Wait until ``condition`` holds; fail with ``what`` after ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(0.02)
