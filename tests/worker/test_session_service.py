"""What a worker converts of its sessions, how much of it at once, and what sessions that come and go meanwhile do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from google.protobuf.duration_pb2 import Duration

from household.v1 import session_pb2
from household.v1 import session_service_pb2 as pb
from householdd.api import convert
from householdd.api.fields import FIELDS
from householdd.session.close_reason import CloseReason
from householdd.worker import session_service as worker_sessions
from householdd.worker.connection import Connection
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_service import WorkerSessionService
from tests.session.samples import START, active
from tests.worker.bench import Bench, benching

CONTEXT = cast("Any", None)
TURN = 4


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    with benching() as made:
        yield made


class Conversions:
    """How many sessions were converted as a whole in each turn of the event loop."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.turns = [0]
        whole = convert.session

        def counted(*args: Any) -> session_pb2.Session:
            self.turns[-1] += 1
            return whole(*args)

        monkeypatch.setattr(convert, "session", counted)
        monkeypatch.setattr(worker_sessions, "BATCH_SIZE", TURN)

    async def during(self, task: asyncio.Task[Any]) -> list[int]:
        """The turns in which some were, until ``task`` is done."""
        while not task.done():
            await asyncio.sleep(0)
            self.turns.append(0)
        return [count for count in self.turns if count]


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> Conversions:
    return Conversions(monkeypatch)


def crowd(bench: Bench, count: int) -> list[SessionDriver]:
    """Sessions that opened a second apart."""
    drivers = []
    for number in range(count):
        bench.now += 1
        drivers.append(bench.opened(number))
    return drivers


def ids(drivers: list[SessionDriver]) -> list[str]:
    return [driver.session.identity.id for driver in drivers]


def listing(service: WorkerSessionService, **fields: Any) -> asyncio.Task[pb.ListSessionsResponse]:
    return asyncio.create_task(service.ListSessions(pb.ListSessionsRequest(**fields), CONTEXT))


async def test_a_list_converts_no_more_than_a_turns_worth_at_once(bench: Bench, conversions: Conversions) -> None:
    drivers = crowd(bench, 10)
    task = listing(WorkerSessionService(bench.manager, "0"), page_size=3)
    assert await conversions.during(task) == [4, 4, 2]
    answer = await task
    assert [session.id for session in answer.sessions] == ids(drivers[:3])
    assert answer.total_size == 10
    assert answer.next_page_token


async def test_a_list_converts_only_what_a_constant_filter_selects(bench: Bench, conversions: Conversions) -> None:
    (_, one, *_) = crowd(bench, 10)
    task = listing(WorkerSessionService(bench.manager, "0"), filter=f'id = "{one.session.identity.id}"')
    assert await conversions.during(task) == [1]
    assert [session.id for session in (await task).sessions] == ids([one])


async def test_a_list_has_nothing_that_ended_before_its_turn(bench: Bench, conversions: Conversions) -> None:
    drivers = crowd(bench, 6)
    task = listing(WorkerSessionService(bench.manager, "0"))
    await asyncio.sleep(0)
    assert conversions.turns == [TURN]
    for gone in (drivers[0], drivers[5]):
        gone.connection.connection_lost(None)
    answer = await task
    # The first was live when it was looked at.
    assert [session.id for session in answer.sessions] == ids(drivers[:5])
    assert answer.total_size == 5


async def test_a_kill_by_a_constant_filter_converts_no_session_as_a_whole(
    bench: Bench, conversions: Conversions
) -> None:
    drivers = crowd(bench, 10)
    request = pb.KillSessionsRequest(filter="profile = alex AND NOT id : 9", reason="test")
    task = asyncio.create_task(WorkerSessionService(bench.manager, "0").KillSessions(request, CONTEXT))
    assert await conversions.during(task) == []
    assert [result.id for result in (await task).results] == ids(drivers[:9])
    assert [driver.session.live for driver in drivers] == [False] * 9 + [True]


async def test_a_kill_decides_and_ends_in_one_turn(bench: Bench, conversions: Conversions) -> None:
    drivers = crowd(bench, 10)
    request = pb.KillSessionsRequest(filter="state = active", reason="test")
    task = asyncio.create_task(WorkerSessionService(bench.manager, "0").KillSessions(request, CONTEXT))
    assert await conversions.during(task) == [10]
    assert {driver.session.close_reason for driver in drivers} == {CloseReason.KILLED}


@pytest.mark.parametrize("spread_s", [0, 10], ids=["at once", "spread"])
async def test_a_killed_session_keeps_the_reason_of_the_operator(bench: Bench, spread_s: int) -> None:
    drivers = crowd(bench, 2)
    request = pb.KillSessionsRequest(all=True, reason=" customer called ")
    request.spread.FromSeconds(spread_s)
    await WorkerSessionService(bench.manager, "0").KillSessions(request, CONTEXT)
    bench.step(spread_s)
    list(bench.control_loop.turns())
    ends = [(driver.session.close_reason, driver.session.close_detail) for driver in drivers]
    assert ends == [(CloseReason.KILLED, "customer called")] * 2


async def test_a_session_that_fails_while_it_is_killed_ends_alone_and_the_others_are_killed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    drivers = crowd(bench, 3)
    send_close = Connection.send_close

    def fails_once(connection: Connection, code: int, text: str) -> None:
        if connection is drivers[1].connection:
            raise RuntimeError("a defect")
        send_close(connection, code, text)

    monkeypatch.setattr(Connection, "send_close", fails_once)
    request = pb.KillSessionsRequest(all=True, reason="test")
    answer = await WorkerSessionService(bench.manager, "0").KillSessions(request, CONTEXT)
    assert [result.outcome for result in answer.results] == [pb.KILL_OUTCOME_KILLED] * 3
    assert [driver.session.live for driver in drivers] == [False] * 3
    assert bench.wire.aborted


async def test_a_kill_with_a_block_keeps_the_address_out_before_it_ends_the_session(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(bench, 1)
    blocks = bench.manager.admission.blocks
    blocked: list[bool] = []
    monkeypatch.setattr(Connection, "send_close", lambda *_: blocked.append(bool(blocks.current(0.0))))
    request = pb.KillSessionsRequest(all=True, reason="abuse", block_address=Duration(seconds=60))
    answer = await WorkerSessionService(bench.manager, "0").KillSessions(request, CONTEXT)
    assert [block.address for block in answer.blocks] == ["192.0.2.1"]
    assert blocked == [True]


async def test_a_snapshot_converts_no_more_than_a_turns_worth_at_once(bench: Bench, conversions: Conversions) -> None:
    drivers = crowd(bench, 10)
    watch = WorkerSessionService(bench.manager, "0").WatchSessions(pb.WatchSessionsRequest(), CONTEXT)
    shown = []

    async def read() -> None:
        async for message in watch:
            if message.event == pb.WATCH_EVENT_SNAPSHOT_END:
                return
            shown.append(message.session.id)

    assert await conversions.during(asyncio.create_task(read())) == [4, 4, 2]
    assert shown == ids(drivers)


async def test_a_change_is_told_once_before_during_and_after_the_snapshot(
    bench: Bench, conversions: Conversions
) -> None:
    drivers = crowd(bench, 8)
    service = WorkerSessionService(bench.manager, "0")
    watch = cast("Any", service.WatchSessions(pb.WatchSessionsRequest(filter="profile = alex"), CONTEXT))
    messages = [await anext(watch)]
    # A turn's worth has been looked at, the others have not. Of either kind one changes and one ends.
    assert conversions.turns == [TURN]
    for changed in (drivers[1], drivers[6]):
        changed.close(CloseReason.KILLED)
    for gone in (drivers[2], drivers[7]):
        gone.connection.connection_lost(None)
    opened = bench.opened(100)
    while messages[-1].session.id != ids([opened])[0]:
        messages.append(await anext(watch))
    await watch.aclose()

    told = [(message.event, message.session.id, message.session.state) for message in messages]
    names = dict(zip(ids([*drivers, opened]), [*range(8), "new"], strict=True))
    active_, closing, closed = (
        session_pb2.SESSION_STATE_ACTIVE,
        session_pb2.SESSION_STATE_CLOSING,
        session_pb2.SESSION_STATE_CLOSED,
    )
    assert [(event, names.get(session_id), state) for event, session_id, state in told] == [
        *((pb.WATCH_EVENT_SNAPSHOT, number, active_) for number in range(6)),
        (pb.WATCH_EVENT_SNAPSHOT, 6, closing),
        (pb.WATCH_EVENT_SNAPSHOT_END, None, session_pb2.SESSION_STATE_UNSPECIFIED),
        (pb.WATCH_EVENT_CHANGED, 1, closing),
        (pb.WATCH_EVENT_CLOSED, 2, closed),
        (pb.WATCH_EVENT_OPENED, "new", active_),
    ]
    assert not bench.manager.listeners


async def test_a_watcher_of_others_costs_no_whole_conversion(bench: Bench, conversions: Conversions) -> None:
    watch = cast(
        "Any",
        WorkerSessionService(bench.manager, "0").WatchSessions(
            pb.WatchSessionsRequest(filter="profile = jake"), CONTEXT
        ),
    )
    assert (await anext(watch)).event == pb.WATCH_EVENT_SNAPSHOT_END
    crowd(bench, 3)
    assert conversions.turns == [0]
    await watch.aclose()


def test_constant_fields_are_those_of_the_whole_session() -> None:
    session = active()
    part, whole = convert.constants(session, "0"), convert.session(session, "0", START)
    constant = [field for field in FIELDS.values() if field.spec.constant]
    assert [field.get(part) for field in constant] == [field.get(whole) for field in constant]


async def test_one_session_shows_the_percentiles_of_the_kernels_round_trips_and_a_list_none(bench: Bench) -> None:
    driver = bench.opened(1)
    for index, milliseconds in enumerate([10] * 90 + [50] * 10):
        driver.session.kernel.add(index * 0.05, milliseconds * 1000, index + 1)
    bench.step(0.25)
    list(bench.control_loop.turns())
    service, session_id = WorkerSessionService(bench.manager, "0"), driver.session.identity.id
    samples = (await service.GetSession(pb.GetSessionRequest(id=session_id), CONTEXT)).session.connection.samples
    # The first only shows what was acknowledged before.
    assert (samples.count, samples.p50.ToMilliseconds(), samples.p95.ToMilliseconds()) == (99, 10, 50)
    (listed,) = (await service.ListSessions(pb.ListSessionsRequest(), CONTEXT)).sessions
    assert listed.HasField("connection")
    assert not listed.connection.HasField("samples")
