"""How much of our own code runs for each portion of payload, upload frame and control pass.

Counted, not timed: the same on every machine and every version of Python. What the figures cost in time is measured by
``make bench``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode

from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.session.close_reason import CloseReason
from householdd.worker.connection import MIN_WRITE_LIMIT_BYTES, WRITE_LIMIT_BYTES
from householdd.worker.control_loop import BATCH_SIZE, YIELD_BUDGET_S
from householdd.worker.payload import FRAME_BYTES
from tests.worker.bench import ROUNDS, Bench

FUNCTIONS = {
    "portion of payload": 24.5,
    "upload frame": 20.0,
    "control pass, for each session": 78.0,
    "control pass without sessions": 27.0,
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

SESSIONS = 10


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
    driver = bench.opened(1)
    sent = driver.session.sums.sent
    calls, writes = bench.counted(bench.timers.fire, 1 / 64)
    # The premise: each of them sent something.
    assert driver.session.sums.sent - sent == pytest.approx(ROUNDS * 1.5e6 / 8 / 64, rel=0.02)
    check("portion of payload", calls, writes)


async def test_no_timer_fires_by_itself_however_long_a_test_takes(bench: Bench) -> None:
    driver = bench.opened(1)
    sent = driver.session.sums.sent
    bench.step(1)
    # Several ticks of a real event loop.
    await asyncio.sleep(0.1)
    assert driver.session.sums.sent == sent
    bench.timers.fire()
    assert driver.session.sums.sent > sent


async def test_a_portion_of_several_frames_is_one_write(bench: Bench) -> None:
    driver = bench.opened(1, "jake")
    sent = driver.session.sums.sent
    _, writes = bench.counted(bench.timers.fire, 0.01)
    # The premise: in the burst that he begins with each portion is two frames.
    assert driver.session.sums.sent - sent == pytest.approx(ROUNDS * 31250, rel=0.02)
    assert writes <= 1


@pytest.mark.parametrize(("mbps", "writes"), [(10, 64), (20, 100), (40, 200)])
async def test_the_slower_a_computer_the_fewer_its_writes(bench: Bench, mbps: float, writes: int) -> None:
    driver = bench.opened(1, "computer")
    driver.wish(mbps)
    sent, before = driver.session.sums.sent, bench.wire.writes
    for _ in range(1000):
        bench.step(0.001)
        bench.timers.fire()
    assert driver.session.sums.sent - sent == pytest.approx(mbps * 1e6 / 8, rel=0.02)
    assert bench.wire.writes - before == pytest.approx(writes, abs=1)


async def test_more_than_fits_in_is_whole_frames_in_one_write(bench: Bench) -> None:
    driver = bench.opened(1, "computer")
    before = bench.wire.writes
    assert driver.connection.send_payload(10 * WRITE_LIMIT_BYTES) == 4 * FRAME_BYTES
    assert bench.wire.writes - before == 1


async def test_what_fits_in_is_sent_whole(bench: Bench) -> None:
    driver = bench.opened(1, "computer")
    assert driver.connection.send_payload(2 * FRAME_BYTES + 5) == 2 * FRAME_BYTES + 5
    # Alex's limit is less than a frame.
    slow = bench.opened(2, "alex").connection
    assert MIN_WRITE_LIMIT_BYTES < slow.send_payload(10 * WRITE_LIMIT_BYTES) < FRAME_BYTES


async def test_an_upload_frame(bench: Bench) -> None:
    driver = bench.opened(1)
    frame = Frame(Opcode.BINARY, bytes(8192)).serialize(mask=True)
    calls, writes = bench.counted(lambda: driver.connection.receive(frame), 0.01)
    assert driver.session.sums.received == ROUNDS * 8192
    check("upload frame", calls, writes)


async def test_a_control_pass(bench: Bench) -> None:
    empty, _ = bench.counted(lambda: list(bench.control_loop.turns()), PASS_INTERVAL_S)
    check("control pass without sessions", empty, 0)
    for number in range(SESSIONS):
        bench.opened(number)
    calls, writes = bench.counted(lambda: list(bench.control_loop.turns()), PASS_INTERVAL_S)
    assert len(bench.manager.live) == SESSIONS
    check("control pass, for each session", (calls - empty) / SESSIONS, writes / SESSIONS)


async def test_a_control_pass_gives_way_until_it_must_hurry(bench: Bench) -> None:
    for number in range(3 * BATCH_SIZE):
        bench.opened(number)
    bench.step(PASS_INTERVAL_S)
    turns = bench.control_loop.turns()
    for _ in range(4):
        next(turns)
    told = [driver.session.sums.pings for driver in bench.manager.live.values()]
    # All were judged, and the first turn's worth was spoken to.
    assert sum(told[BATCH_SIZE:]) == 0
    bench.step(YIELD_BUDGET_S)
    assert list(turns) == []
    assert bench.control_loop.passes == 1
    assert sum(driver.session.sums.pings for driver in list(bench.manager.live.values())[BATCH_SIZE:]) > 0


async def test_a_session_that_ends_while_a_pass_gives_way_is_left_alone(bench: Bench) -> None:
    drivers = [bench.opened(number) for number in range(BATCH_SIZE + 1)]
    bench.step(PASS_INTERVAL_S)
    turns = bench.control_loop.turns()
    next(turns)
    gone = drivers[-1]
    gone.connection.connection_lost(None)
    assert list(turns)
    assert gone.session.liveness.failed == 0
    assert gone.session.close_reason is CloseReason.CONNECTION_LOST
    assert len(bench.manager.live) == BATCH_SIZE
