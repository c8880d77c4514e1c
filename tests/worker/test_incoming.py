"""What a connection makes of a client's bytes: the same whether payload goes past the library or through it."""

from __future__ import annotations

from typing import cast
from unittest.mock import Mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Close, Frame, Opcode

from householdd.session.close_reason import CloseReason
from householdd.worker.connection import MAX_BROKEN_BYTES, Connection, Owner
from householdd.worker.payload_filter import PayloadFilter
from tests.worker.bench import REQUEST, Bench
from tests.worker.streams import BROKEN, FRAMES, MESSAGES, cut, serialised

CLOSE = Frame(Opcode.CLOSE, Close(1000, "").serialize()).serialize(mask=True)
UPLOAD = Frame(Opcode.BINARY, bytes(1000)).serialize(mask=True)
PING = Frame(Opcode.PING, b"").serialize(mask=True)
RESERVED = b"\x83\x80\x00\x00\x00\x00"


def owned(connection: Connection) -> Mock:
    """The connection's owner from now on, which notes what it is told."""
    owner = Mock(spec=Owner)
    connection.owner = cast("Owner", owner)
    return owner


def upgraded(bench: Bench) -> tuple[Connection, Mock]:
    connection = bench.upgraded()
    return connection, owned(connection)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    messages=st.lists(MESSAGES, max_size=6),
    last=st.lists(FRAMES.map(serialised) | BROKEN, max_size=3),
    places=st.lists(st.integers(0, 2**20), max_size=8),
)
async def test_an_owner_is_told_the_same_past_the_library_and_through_it(
    bench: Bench, messages: list[list[bytes]], last: list[bytes], places: list[int]
) -> None:
    pieces = cut(b"".join([frame for frames in messages for frame in frames] + last), places)
    told = []
    for waited in (True, False):
        connection, owner = upgraded(bench)
        connection._waited = waited
        for piece in pieces:
            connection.data_received(piece)
        protocol = connection.protocol
        told.append((owner.mock_calls, str(protocol.parser_exc), protocol.close_rcvd, protocol.state))
    assert told[0] == told[1]


async def test_the_library_gets_no_payload(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, owner = upgraded(bench)
    monkeypatch.setattr(connection.protocol, "receive_data", Mock(side_effect=AssertionError))
    connection.data_received(UPLOAD + UPLOAD)
    assert [call.args for call in owner.binary.call_args_list] == [(1000,), (1000,)]


@pytest.mark.parametrize(
    "reads",
    [
        [REQUEST[:-1], REQUEST[-1:]],
        [REQUEST + b"\x82\xfe\x00\x08\x00\x00\x00\x00\r\n\r\n"],
        [REQUEST[:-2], b"\r\n\x82\xfe\x00\x08\x00\x00\x00\x00\r\n\r\n"],
        [REQUEST, b"\x82\xfe\x00\x08\r\n\r\n"],
    ],
    ids=["in two pieces", "and a frame", "in two pieces and a frame", "and then a head"],
)
async def test_frames_are_followed_only_from_where_they_surely_begin(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, reads: list[bytes]
) -> None:
    connection = bench.connected()
    for read in reads:
        connection.data_received(read)
    owned(connection)
    monkeypatch.setattr(PayloadFilter, "split", Mock(side_effect=AssertionError))
    # Whatever the library makes of it, it makes it alone.
    connection.data_received(UPLOAD)


@pytest.mark.parametrize("end", [CLOSE, RESERVED], ids=["close", "breach"])
async def test_nothing_counts_behind_the_end(bench: Bench, end: bytes) -> None:
    connection, owner = upgraded(bench)
    connection.data_received(UPLOAD + end + UPLOAD)
    connection.data_received(UPLOAD)
    assert owner.binary.call_count == 1


async def test_a_stream_that_ends_while_its_last_read_is_taken_apart_is_no_error(bench: Bench) -> None:
    connection, owner = upgraded(bench)
    # uvloop reads the end of the stream from within the close that the library answers a close frame with.
    owner.client_closing.side_effect = connection.eof_received
    connection.data_received(CLOSE + UPLOAD + PING)
    assert owner.client_closing.call_count == 1


async def test_after_a_breach_little_more_may_come_in(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, owner = upgraded(bench)
    abort = Mock()
    monkeypatch.setattr(connection, "abort", abort)
    connection.distrust()
    for _ in range(MAX_BROKEN_BYTES // len(UPLOAD)):
        connection.data_received(UPLOAD)
    assert abort.call_count == 0
    counted = owner.binary.call_count
    connection.data_received(UPLOAD)
    assert abort.call_count == 1
    assert owner.binary.call_count == counted


async def test_a_flood_is_cut_while_its_session_is_ending(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = bench.opened(1)
    abort = Mock()
    monkeypatch.setattr(driver.connection, "abort", abort)
    assert driver.close(CloseReason.CLIENT_STOPPED)
    driver.connection.data_received(PING * 10_000)
    assert abort.called
