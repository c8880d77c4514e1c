"""What a connection makes of a client's bytes: the same whether payload goes past the library or through it."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from typing import cast
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from householdd.session.close_reason import CloseReason
from householdd.worker.connection import MAX_BROKEN_BYTES, MAX_TURN_FRAMES, Connection, Owner
from householdd.worker.payload_filter import SLICE_BYTES, PayloadFilter
from tests.worker.bench import Bench
from tests.worker.streams import BROKEN, FRAMES, MESSAGES, cut, serialised

CLOSE = Frame(Opcode.CLOSE, Close(1000, "").serialize()).serialize(mask=True)
UPLOAD = Frame(Opcode.BINARY, bytes(1000)).serialize(mask=True)
PING = Frame(Opcode.PING, b"").serialize(mask=True)
PONG = Frame(Opcode.PONG, b"").serialize(mask=False)
RESERVED = b"\x83\x80\x00\x00\x00\x00"


class Through:
    """In place of the payload filter: all bytes are for the protocol object."""

    payload_left = 0

    def split(self, data: memoryview) -> Iterator[memoryview]:
        yield data


def upgraded(bench: Bench) -> tuple[Connection, Mock]:
    connection, owner = bench.upgraded(), Mock(spec=Owner)
    connection.owner = cast("Owner", owner)
    return connection, owner


def reading(bench: Bench) -> bool:
    return bench.wire.reading


def aborted(bench: Bench) -> bool:
    return bench.wire.aborted


async def taken(connection: Connection, data: bytes) -> None:
    """Bytes come in, and as many turns of the event loop pass as it takes to take them."""
    connection.receive(data)
    await all_turns(connection)


async def all_turns(connection: Connection) -> None:
    while connection._kept is not None:  # noqa: ASYNC110 - each is a turn of the event loop
        await asyncio.sleep(0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    messages=st.lists(MESSAGES, max_size=6),
    last=st.lists(FRAMES.map(serialised) | BROKEN, max_size=3),
    places=st.lists(st.integers(0, 2**20), max_size=8),
)
async def test_the_same_bytes_in_any_cuts_past_the_library_and_through_it_come_to_the_same(
    bench: Bench, messages: list[list[bytes]], last: list[bytes], places: list[int]
) -> None:
    data = b"".join([frame for frames in messages for frame in frames] + last)
    told = []
    for pieces, past in (([data], True), (cut(data, places), True), (cut(data, places), False)):
        connection, owner = upgraded(bench)
        if not past:
            connection._filter = cast("PayloadFilter", Through())
        written = bench.wire.written = bytearray()
        for piece in pieces:
            await taken(connection, piece)
        told.append((owner.mock_calls, bytes(written), connection._protocol.state))
    assert told[0] == told[1] == told[2]


async def test_the_library_gets_no_payload(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, owner = upgraded(bench)
    monkeypatch.setattr(connection._protocol, "receive_data", Mock(side_effect=AssertionError))
    connection.receive(UPLOAD + UPLOAD)
    assert [call.args for call in owner.binary.call_args_list] == [(1000,), (1000,)]


async def test_all_answers_to_a_read_are_one_write(bench: Bench) -> None:
    driver = bench.opened(1)
    written = bench.wire.written = bytearray()
    writes = bench.wire.writes
    asked = Frame(Opcode.TEXT, b'{"type":"ping","sequence":7}').serialize(mask=True)
    driver.connection.receive(PING + asked + PING)
    assert bench.wire.writes == writes + 1
    assert written.startswith(PONG + PONG + b"\x81")
    assert b'"sequence":7' in written


async def test_a_client_gets_a_few_frames_in_a_turn_and_then_others_have_theirs(bench: Bench) -> None:
    (busy, busy_owner), (other, other_owner) = upgraded(bench), upgraded(bench)
    pongs = Frame(Opcode.PONG, bytes(14)).serialize(mask=True)
    charged: list[float] = []
    busy.charge = charged.append
    sent = 2 * SLICE_BYTES // len(pongs)
    busy.receive(pongs * sent)
    first = busy_owner.pong.call_count
    assert MAX_TURN_FRAMES <= first < sent
    assert reading(bench) is False
    other.receive(pongs)
    assert other_owner.pong.call_count == 1
    await all_turns(busy)
    assert busy_owner.pong.call_count == sent
    assert reading(bench) is True
    assert len(charged) >= 2


async def test_a_connection_that_has_ended_is_freed_without_a_collection(bench: Bench) -> None:
    connection, _ = upgraded(bench)
    held = weakref.ref(connection)
    connection.connection_lost(None)
    assert not connection.open
    assert connection.transport is not bench.wire
    del connection
    assert held() is None


async def test_a_client_over_its_share_is_not_read_whatever_else_is_done(bench: Bench) -> None:
    connection, _ = upgraded(bench)
    connection.ignore()
    connection.read_at_most(1000)
    connection.read_freely()
    assert reading(bench) is False
    connection.heed()
    assert reading(bench) is True


@pytest.mark.parametrize("end", [CLOSE, RESERVED], ids=["close", "breach"])
async def test_nothing_counts_behind_the_end(bench: Bench, end: bytes) -> None:
    connection, owner = upgraded(bench)
    connection.receive(UPLOAD + end + UPLOAD)
    connection.receive(UPLOAD)
    assert owner.binary.call_count == 1


async def test_a_stream_that_ends_while_its_last_read_is_taken_apart_is_no_error(bench: Bench) -> None:
    connection, owner = upgraded(bench)
    # uvloop reads the end of the stream from within the close that the library answers a close frame with.
    owner.client_closing.side_effect = connection.eof_received
    connection.receive(CLOSE + UPLOAD + PING)
    assert owner.client_closing.call_count == 1


async def test_after_a_breach_little_more_may_come_in(bench: Bench) -> None:
    connection, owner = upgraded(bench)
    connection.distrust()
    for _ in range(MAX_BROKEN_BYTES // len(UPLOAD)):
        connection.receive(UPLOAD)
    assert not aborted(bench)
    counted = owner.binary.call_count
    connection.receive(UPLOAD)
    assert aborted(bench)
    assert owner.binary.call_count == counted


async def test_a_flood_is_cut_while_its_session_is_ending(bench: Bench) -> None:
    driver = bench.opened(1)
    assert driver.close(CloseReason.CLIENT_STOPPED)
    await taken(driver.connection, Frame(Opcode.PING, bytes(100)).serialize(mask=True) * 1_500)
    assert aborted(bench)
