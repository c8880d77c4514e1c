"""Sessions of one worker without a network, and with a clock that a test sets."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import householdd
from householdd.config.profiles import read_profiles
from householdd.session.session import Identity
from householdd.session.states import EvidenceKind
from householdd.settings.definitions import Timeouts
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.clock import Clock
from householdd.worker.connection import Connection
from householdd.worker.control_loop import ControlLoop
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager
from tests.timers import Timers

SOURCES = str(Path(householdd.__file__).parent)
PROVEN_BYTES = 10**12
ROUNDS = 64
"""Calls that a count is the mean of."""


class Wire(asyncio.Transport):
    """Takes everything at once, keeps it and counts the writes."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__({"socket": sock, "peername": ("192.0.2.1", 443), "sockname": ("192.0.2.2", 443)})
        self.writes = 0
        self.written: bytearray | None = None
        """Bytes written since it was set; None keeps none."""
        self.reading = True
        """Whether the latest call was to read."""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes += 1
        if self.written is not None:
            self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing ever waits here."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Nothing comes in here by itself."""

    def is_closing(self) -> bool:
        return False

    def can_write_eof(self) -> bool:
        return False

    def abort(self) -> None:
        self.aborted = True

    close = abort

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Bench:
    """A worker's sessions without a network and with a clock that a test sets, timers included."""

    def __init__(self, sock: socket.socket) -> None:
        self.now = 1000.0
        self.timers = Timers(lambda: self.now)
        self.manager = SessionManager(Timeouts(), Clock(lambda: self.now, lambda: self.now, self.timers.call_later))
        self.control_loop = ControlLoop(self.manager)
        self.wire = Wire(sock)

    def accepted(self) -> AcceptedSocket:
        """Another accepted socket."""
        return AcceptedSocket(self.wire.get_extra_info("socket"), "192.0.2.1", 443, lambda: None, 0.0)

    def upgraded(self) -> Connection:
        """Another connection, whose client has its answer."""
        connection = Connection(self.accepted(), asyncio.get_running_loop())
        connection.connection_made(self.wire)
        return connection

    def opened(self, number: int, user: str = "alex") -> SessionDriver:
        """Open a session of ``user``; its timer fires only when ``timers`` does."""
        connection = self.upgraded()
        identity = Identity(f"00000000-0000-4000-8000-{number:012}", f"{user}_1", "", "192.0.2.1", 443, "")
        driver = self.manager.open(identity, read_profiles(None).by_key[user], connection)
        # A client that has proven so much that no portion is bound by that.
        driver.session.proof.sent = driver.session.proof.proven = PROVEN_BYTES
        driver.session.proof.extend(PROVEN_BYTES)
        return driver

    def step(self, seconds: float) -> None:
        """Time passes, and every client shows that it is there."""
        self.now += seconds
        for driver in self.manager.live.values():
            driver.session.evidence(EvidenceKind.MESSAGE, self.now)
            for data, _ in tuple(driver.session.proof._pings):
                driver.session.proof.answered(data, PROVEN_BYTES)

    def counted(self, call: Callable[[], object], seconds: float) -> tuple[float, float]:
        """Functions and writes of one ``call``, the mean of many, each ``seconds`` after the one before."""
        calls = 0

        def profile(frame: FrameType, event: str, _: Any) -> None:
            nonlocal calls
            code = frame.f_code
            # What is in angle brackets is a function in one version of Python and inlined in another.
            calls += event == "call" and code.co_filename.startswith(SOURCES) and not code.co_name.startswith("<")

        writes = self.wire.writes
        for _ in range(ROUNDS):
            self.step(seconds)
            sys.setprofile(profile)
            try:
                call()
            finally:
                sys.setprofile(None)
        return calls / ROUNDS, (self.wire.writes - writes) / ROUNDS


@contextmanager
def benching() -> Iterator[Bench]:
    """A bench on a real socket, for what the kernel is asked; its sessions end with it."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as sock,
    ):
        made = Bench(sock)
        yield made
        made.manager.abort_all()
