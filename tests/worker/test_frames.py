"""Frames as WebSocket allows them, and frames it does not allow."""

from __future__ import annotations

import json

import pytest
from websockets.frames import Close, Frame, Opcode

from household.v1 import session_pb2 as pb
from tests.daemon import Daemon
from tests.worker import sessions
from tests.worker.conftest import ConnectRaw
from tests.worker.raw_client import RawClient

PING = json.dumps({"type": "ping", "timestamp": 5, "sequence": 6}).encode()


def pong_of(raw: RawClient) -> dict[str, object]:
    """The first JSON pong."""
    raw.read(lambda: any(message["type"] == "pong" for message in raw.messages))
    return next(message for message in raw.messages if message["type"] == "pong")


def closing(raw: RawClient) -> Close:
    """The server's close frame."""
    raw.read(lambda: raw.protocol.close_rcvd)
    assert raw.protocol.close_rcvd is not None
    return raw.protocol.close_rcvd


def test_a_text_message_may_come_in_two_frames(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    raw.send(Frame(Opcode.TEXT, PING[:9], fin=False), Frame(Opcode.PING, b"between"), Frame(Opcode.CONT, PING[9:]))
    assert pong_of(raw)["timestamp"] == 5


def test_a_binary_message_in_two_frames_is_counted_whole(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    raw.send(Frame(Opcode.BINARY, bytes(1000), fin=False), Frame(Opcode.CONT, bytes(234)))
    raw.send(Frame(Opcode.TEXT, PING[:9], fin=False), Frame(Opcode.CONT, PING[9:]))
    pong_of(raw)
    assert sessions.get(shared_daemon, raw.session_id).received_bytes == 1234


def test_a_client_that_does_not_wait_for_the_answer_is_understood_all_the_same(shared_daemon: Daemon) -> None:
    # A mask of zeros, so that what comes in behind the answer looks like frames.
    head, payload = b"\x82\xfe" + (1000).to_bytes(2) + bytes(4), b"\x82\x84\x00\x00\x00\x00abcd" * 100
    raw = RawClient(shared_daemon, "alex", behind_request=head)
    raw.socket.sendall(payload + head + payload)
    raw.say(type="ping", timestamp=5)
    assert pong_of(raw)["timestamp"] == 5
    session_id = raw.session_id
    raw.close()
    assert sessions.closed(shared_daemon, session_id).received_bytes == 2000


def test_a_text_of_16_kib_is_read(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    raw.send(Frame(Opcode.TEXT, PING.ljust(16 * 1024)))
    assert pong_of(raw)["sequence"] == 6


@pytest.mark.parametrize("frames", [1, 3])
def test_a_longer_text_closes_the_session_and_is_no_payload(
    shared_daemon: Daemon, connect_raw: ConnectRaw, frames: int
) -> None:
    raw = connect_raw("alex")
    size = 16 * 1024 + 1
    if frames == 1:
        raw.send(Frame(Opcode.TEXT, PING.ljust(size)))
    else:
        last = [Frame(Opcode.CONT, bytes(20), fin=False), Frame(Opcode.CONT, bytes(20))]
        raw.send(Frame(Opcode.TEXT, PING.ljust(size), fin=False), *last)
    close = closing(raw)
    assert close.code == 1009
    assert "16384" in close.reason
    # It goes on talking and leaves the close frame unanswered: the deadline ends it.
    raw.say(type="ping", timestamp=1)
    ended = sessions.closed(shared_daemon, raw.session_id)
    assert ended.close_reason == pb.CLOSE_REASON_TEXT_TOO_LARGE
    assert ended.received_bytes == 0
    assert ended.age.ToSeconds() < 10


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (Frame(Opcode.CONT, b"to nothing").serialize(mask=True), 1002, pb.CLOSE_REASON_NOT_WEBSOCKET),
        (b"\xc1\x80\x00\x00\x00\x00", 1002, pb.CLOSE_REASON_NOT_WEBSOCKET),
        # Its beginning says how long it is; whoever went on would be cut off, and might not see the close frame.
        (Frame(Opcode.BINARY, bytes(1024 * 1024 + 1)).serialize(mask=True)[:100], 1009, pb.CLOSE_REASON_PROTOCOL_ERROR),
    ],
    ids=["continues nothing", "compressed", "too big"],
)
def test_what_is_not_the_protocol_ends_the_session(
    shared_daemon: Daemon, connect_raw: ConnectRaw, data: bytes, code: int, reason: pb.CloseReason.ValueType
) -> None:
    raw = connect_raw("alex")
    session_id = raw.session_id
    raw.socket.sendall(data)
    assert closing(raw).code == code
    raw.close()
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == reason
    assert ended.close_detail
