"""How much of our own code runs for each portion of payload, upload frame and control pass.

Counted, not timed: the same on every machine and every version of Python. What the figures cost in time is measured by
``make bench``.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import FrameType
from typing import Any, cast

import pytest
from websockets.asyncio.server import Server
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

import householdd
from householdd import profile_data
from householdd.core.session import Identity
from householdd.core.settings import Timeouts
from householdd.core.vocabulary import CloseReason, EvidenceKind
from householdd.dataplane.arrival import Arrival
from householdd.dataplane.control_loop import HURRY, INTERVAL, TURN, ControlLoop
from householdd.dataplane.link import Link
from householdd.dataplane.registry import Registry
from householdd.dataplane.runner import Clock, Runner

FUNCTIONS = {
    "portion of payload": 22.0,
    "upload frame": 9.0,
    "control pass, for each session": 64.0,
    "control pass without sessions": 15.0,
}
"""Calls of functions in the package householdd."""

WRITES = {
    "portion of payload": 1.0,
    "upload frame": 0.0,
    "control pass, for each session": 1.0,
    "control pass without sessions": 0.0,
}
"""Calls of the transport's ``write``: each is a TLS record and a system call."""

MARGIN = 1.1
"""Little changes pass. Beyond it, in either direction, the stored figure is to be changed together with the code."""

SOURCES = str(Path(householdd.__file__).parent)
ROUNDS = 64
SESSIONS = 10


class Wire(asyncio.Transport):
    """Takes everything at once and counts the writes."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__({"socket": sock, "peername": ("192.0.2.1", 443), "sockname": ("192.0.2.2", 443)})
        self.writes = 0

    def write(self, _: bytes | bytearray | memoryview) -> None:
        self.writes += 1

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing ever waits here."""

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        """Nothing was opened."""

    def pause_reading(self) -> None:
        """Nothing is read here."""

    resume_reading = pause_reading


async def no_handshake(_: object) -> None:
    """These connections are made open."""


class Bench:
    """A worker's sessions without a network and with a clock that a test sets."""

    def __init__(self, sock: socket.socket) -> None:
        self.now = 1000.0
        self.registry = Registry(Timeouts(), Clock(lambda: self.now, lambda: self.now))
        self.control_loop = ControlLoop(self.registry)
        self.wire = Wire(sock)
        self.server = Server(cast("Any", None), no_handshake)

    def opened(self, number: int, user: str = "alex") -> Runner:
        """Another session of ``user``, whose timer runs only when it is told to."""
        link = Link(
            ServerProtocol(),
            self.server,
            ping_interval=None,
        )
        link.arrival = Arrival(self.wire.get_extra_info("socket"), "192.0.2.1", 443, link.abort, 0.0)
        link.connection_made(self.wire)
        link.protocol.state = State.OPEN
        identity = Identity(f"00000000-0000-4000-8000-{number:012}", f"{user}_1", "", "192.0.2.1", 443, "")
        return self.registry.open(identity, profile_data.read(None).by_key[user], link)

    def step(self, seconds: float) -> None:
        """Time passes, and every client shows that it is there."""
        self.now += seconds
        for runner in self.registry.live.values():
            runner.session.evidence(EvidenceKind.MESSAGE, self.now)

    def counted(self, call: Callable[[], object], seconds: float) -> tuple[float, float]:
        """Functions and writes of one ``call``, the mean of many, each ``seconds`` after the one before."""
        calls = 0

        def profile(frame: FrameType, event: str, _: Any) -> None:  # noqa: ANN401 - of sys.setprofile
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


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as sock,
    ):
        made = Bench(sock)
        yield made
        made.registry.abort_all()


def check(what: str, calls: float, writes: float) -> None:
    """Fails where a figure is another than the stored one, and says what to do."""
    for stored, measured, words in (
        (FUNCTIONS, calls, "functions of ours are called"),
        (WRITES, writes, "writes are made"),
    ):
        wanted = stored[what]
        if not wanted / MARGIN <= measured <= wanted * MARGIN:
            name = "FUNCTIONS" if stored is FUNCTIONS else "WRITES"
            raise AssertionError(
                f"{what}: {measured:.2f} {words}, {wanted:g} are stored. Where the change is meant, and "
                f"`make bench ARGS=paced` shows what it costs, put {measured:.4g} into {name} of {Path(__file__).name}."
            )


async def test_a_portion_of_payload(bench: Bench) -> None:
    runner = bench.opened(1)
    sent = runner.session.sums.sent
    calls, writes = bench.counted(runner._tick, 1 / 64)
    # The premise: each of them sent something.
    assert runner.session.sums.sent - sent == pytest.approx(ROUNDS * 1.5e6 / 8 / 64, rel=0.02)
    check("portion of payload", calls, writes)


async def test_a_portion_of_several_frames_is_one_write(bench: Bench) -> None:
    runner = bench.opened(1, "jake")
    sent = runner.session.sums.sent
    _, writes = bench.counted(runner._tick, 0.01)
    # The premise: in the burst that he begins with each portion is two frames.
    assert runner.session.sums.sent - sent == pytest.approx(ROUNDS * 31250, rel=0.02)
    assert writes == 1


async def test_an_upload_frame(bench: Bench) -> None:
    runner = bench.opened(1)
    frame = Frame(Opcode.BINARY, bytes(8192))
    calls, writes = bench.counted(lambda: runner.link.process_event(frame), 0.01)
    assert runner.session.sums.received == ROUNDS * 8192
    check("upload frame", calls, writes)


async def test_a_control_pass(bench: Bench) -> None:
    empty, _ = bench.counted(lambda: list(bench.control_loop.turns()), INTERVAL)
    check("control pass without sessions", empty, 0)
    for number in range(SESSIONS):
        bench.opened(number)
    calls, writes = bench.counted(lambda: list(bench.control_loop.turns()), INTERVAL)
    assert len(bench.registry.live) == SESSIONS
    check("control pass, for each session", (calls - empty) / SESSIONS, writes / SESSIONS)


async def test_a_control_pass_gives_way_until_it_must_hurry(bench: Bench) -> None:
    for number in range(3 * TURN):
        bench.opened(number)
    bench.step(INTERVAL)
    turns = bench.control_loop.turns()
    for _ in range(4):
        next(turns)
    told = [runner.session.sums.pings for runner in bench.registry.live.values()]
    # All were judged, and the first turn's worth was spoken to.
    assert sum(told[TURN:]) == 0
    bench.step(HURRY)
    assert list(turns) == []
    assert bench.control_loop.passes == 1
    assert sum(runner.session.sums.pings for runner in list(bench.registry.live.values())[TURN:]) > 0


async def test_a_session_that_ends_while_a_pass_gives_way_is_left_alone(bench: Bench) -> None:
    runners = [bench.opened(number) for number in range(TURN + 1)]
    bench.step(INTERVAL)
    turns = bench.control_loop.turns()
    next(turns)
    gone = runners[-1]
    gone.link.connection_lost(None)
    assert list(turns)
    assert gone.session.liveness.failed == 0
    assert gone.session.close_reason is CloseReason.CONNECTION_LOST
    assert len(bench.registry.live) == TURN
