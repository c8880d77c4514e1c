"""What a worker does about sessions over their share of its time, and when that binds."""

from __future__ import annotations

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from householdd.capacity.lateness import PASS_INTERVAL_S
from householdd.capacity.overload_controller import OverloadTuning
from householdd.capacity.work_accounts import CUSTOMER_SHARES, FLOODING_S
from householdd.session.close_reason import CloseReason
from householdd.shared.work import WORK_WINDOW_S
from householdd.worker.connection import FRAME_WORK_S, MAX_TURN_FRAMES
from householdd.worker.control_loop import ControlLoop
from householdd.worker.overload_actions import BUSY_HOLD_S, OverloadActions
from householdd.worker.session_driver import OVER_SHARE, SessionDriver
from tests.worker.bench import Bench

ALL = CUSTOMER_SHARES.least * WORK_WINDOW_S


def passes(bench: Bench, seconds: float, lateness: float = 0.0) -> None:
    for _ in range(round(seconds / PASS_INTERVAL_S)):
        bench.now += PASS_INTERVAL_S
        list(bench.control_loop.turns(lateness))


def spend(driver: SessionDriver, seconds: float) -> None:
    """What a turn on incoming data is charged by."""
    charge = driver.connection.charge
    assert charge is not None
    charge(seconds)


@pytest.fixture
def busy(bench: Bench) -> Bench:
    bench.control_loop = ControlLoop(
        bench.manager, overloading=OverloadActions(bench.manager, OverloadTuning(), cpu=lambda: 0.0)
    )
    passes(bench, PASS_INTERVAL_S, lateness=0.05)
    return bench


async def test_a_session_over_its_share_is_not_read_until_its_account_has_recovered(busy: Bench) -> None:
    costly, honest = busy.opened(1), busy.opened(2)
    spend(costly, ALL)
    spend(honest, ALL / 1000)
    passes(busy, PASS_INTERVAL_S)
    assert (costly.connection.ignored, honest.connection.ignored) == (True, False)
    assert not busy.wire.reading
    for _ in range(20):
        busy.step(0.0)
        passes(busy, PASS_INTERVAL_S * 2, lateness=0.05)
    assert not costly.connection.ignored
    assert busy.wire.reading


async def test_a_session_that_is_not_read_says_that_the_server_limited_it(busy: Bench) -> None:
    costly, honest = busy.opened(1), busy.opened(2)
    spend(costly, ALL * 20)
    passes(busy, PASS_INTERVAL_S * 4, lateness=0.05)
    assert costly.connection.ignored
    assert (costly.session.limited, honest.session.limited) == (True, False)


async def test_no_share_binds_where_overload_control_is_off(bench: Bench) -> None:
    bench.control_loop = ControlLoop(
        bench.manager, overloading=OverloadActions(bench.manager, OverloadTuning(enabled=False))
    )
    costly = bench.opened(1)
    spend(costly, ALL * 20)
    passes(bench, 0.5, lateness=0.05)
    assert not costly.connection.ignored


async def test_a_worker_stays_busy_for_a_while_and_then_reads_everybody(busy: Bench) -> None:
    costly = busy.opened(1)
    spend(costly, ALL * 20)
    for _ in range(int(BUSY_HOLD_S)):
        busy.step(0.0)
        passes(busy, 0.5)
    assert costly.connection.ignored is busy.control_loop.overloading.busy is True
    busy.step(0.0)
    passes(busy, BUSY_HOLD_S / 2 + 0.5)
    assert costly.connection.ignored is busy.control_loop.overloading.busy is False


async def test_whoever_is_not_read_and_so_falls_silent_ends_as_flooding(busy: Bench) -> None:
    costly = busy.opened(1)
    spend(costly, ALL * 20)
    passes(busy, 9.0, lateness=0.05)
    assert costly.session.close_reason is CloseReason.FLOODING
    assert costly.session.close_detail == OVER_SHARE
    assert costly.session.errors.flooding == 1


async def test_whoever_is_long_over_its_share_ends_as_flooding_however_alive(busy: Bench) -> None:
    costly = busy.opened(1)
    for _ in range(int(FLOODING_S / PASS_INTERVAL_S) + 2):
        spend(costly, ALL)
        busy.step(0.0)
        passes(busy, PASS_INTERVAL_S, lateness=0.05)
    assert costly.session.close_reason is CloseReason.FLOODING


async def test_a_silent_client_that_is_read_is_the_lines_fault(busy: Bench) -> None:
    silent = busy.opened(1)
    passes(busy, 9.0, lateness=0.05)
    assert silent.session.close_reason is CloseReason.PROBES_FAILED


async def test_what_a_turn_left_of_a_read_waits_with_the_rest(bench: Bench) -> None:
    driver = bench.opened(1)
    frames = Frame(Opcode.BINARY, bytes(200)).serialize(mask=True) * 3 * MAX_TURN_FRAMES
    driver.connection.receive(frames)
    driver.ignore()
    taken = driver.session.sums.received
    for _ in range(5):
        await asyncio.sleep(0)
    assert driver.session.sums.received == taken < 600 * MAX_TURN_FRAMES
    driver.heed()
    for _ in range(5):
        await asyncio.sleep(0)
    assert driver.session.sums.received == 600 * MAX_TURN_FRAMES
    assert bench.wire.reading


async def test_frames_cost_the_same_however_they_are_packed(bench: Bench) -> None:
    driver = bench.opened(1)
    charged: list[float] = []
    driver.connection.charge = charged.append
    driver.connection.receive(Frame(Opcode.PING, b"").serialize(mask=True) * 10)
    assert len(charged) == 1
    assert charged[0] > 10 * FRAME_WORK_S
