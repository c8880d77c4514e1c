"""Ends that real clients bring about: what the client is told, and what operators see."""

from __future__ import annotations

import contextlib
import time

import pytest
from websockets.frames import Close, Frame, Opcode

from household.v1 import session_pb2 as pb
from householdd.session.close_reason import CloseReason
from householdd.session.dialogue import MAX_ERRORS
from householdd.session.session import UNASKED_GRACE_BYTES
from tests.daemon import TIMEOUT_S, Daemon
from tests.worker import sessions
from tests.worker.conftest import ConnectRaw

STOP = Frame(Opcode.TEXT, b'{"type":"stop_test"}')
MALFORMED = Frame(Opcode.TEXT, b"no JSON")
UNKNOWN = Frame(Opcode.TEXT, b'{"type":"telemetry"}')
LONG_TEXT = Frame(Opcode.TEXT, b" " * 20_000)
HUGE = Frame(Opcode.BINARY, bytes(256 * 1024 + 1))
CHUNK = Frame(Opcode.BINARY, bytes(60_000))
TOO_MUCH = Frame(Opcode.BINARY, bytes(UNASKED_GRACE_BYTES - 17 * 60_000 + 1))
"""Behind 17 chunks. What follows a breach is bounded, and beyond that bound the connection is reset."""

PING = Frame(Opcode.PING, bytes(125))

ENDS = {
    "client_stopped": ("alex", [STOP], 1000, "the test was stopped"),
    "client_closed": ("alex", [Frame(Opcode.CLOSE, Close(1000, "bye").serialize())], 1000, "bye"),
    # Empty ones: the answers fit into the client's kernel, so that the close frame does too, however late it is read.
    "flooding": ("alex", [Frame(Opcode.PING, b"")] * 1100, 1008, "too many frames: more than 500 frames a second"),
    "text_too_large": ("alex", [LONG_TEXT], 1009, "a text message was too large: a text message may have 16384 bytes"),
    "excess_upload": ("probe", [*[CHUNK] * 17, TOO_MUCH], 1008, "far more was uploaded than was asked for"),
    "malformed": ("alex", [MALFORMED] * (MAX_ERRORS + 1), 1008, "too many malformed messages"),
    "protocol_error": ("alex", [UNKNOWN] * (MAX_ERRORS + 1), 1008, "too many messages that break the protocol"),
}
"""By reason: the profile, the client's frames, and the code and text of the server's close frame."""

WITHOUT_LAST_FIGURES = {
    "not_websocket": (Frame(Opcode.CONT, b"of nothing"), 1002),
    "protocol_error": (HUGE, 1009),
}
"""By reason: a frame that the library rejects by a close frame of its own, and its code."""


@pytest.mark.parametrize(("reason", "end"), ENDS.items(), ids=ENDS)
def test_a_client_is_told_why_its_session_ends_and_operators_see_the_same(
    shared_daemon: Daemon, connect_raw: ConnectRaw, reason: str, end: tuple[str, list[Frame], int, str]
) -> None:
    profile, frames, code, text = end
    raw = connect_raw(profile)
    session_id = raw.session_id
    raw.send(*frames)
    raw.read(lambda: raw.protocol.close_rcvd)
    raw.close()
    assert raw.protocol.close_rcvd == Close(code, text)
    ended = sessions.closed(shared_daemon, session_id)
    assert pb.CloseReason.Name(ended.close_reason) == f"CLOSE_REASON_{reason.upper()}"
    if reason != "client_closed":
        last = raw.messages[-1]
        assert (last["type"], last["reason"], last["detail"]) == ("session_complete", reason, ended.close_detail)


@pytest.mark.parametrize(("reason", "end"), WITHOUT_LAST_FIGURES.items(), ids=WITHOUT_LAST_FIGURES)
def test_what_the_library_rejects_has_a_reason_and_says_what_was_wrong(
    shared_daemon: Daemon, connect_raw: ConnectRaw, reason: str, end: tuple[Frame, int]
) -> None:
    frame, code = end
    raw = connect_raw("alex")
    session_id = raw.session_id
    raw.send(frame)
    raw.read(lambda: raw.protocol.close_rcvd)
    raw.close()
    assert raw.protocol.close_rcvd is not None
    assert raw.protocol.close_rcvd.code == code
    ended = sessions.closed(shared_daemon, session_id)
    assert pb.CloseReason.Name(ended.close_reason) == f"CLOSE_REASON_{reason.upper()}"
    assert ended.close_detail


def test_a_client_that_reads_no_answers_is_reset(shared_daemon: Daemon, connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex", receive_buffer=4096)
    session_id = raw.session_id
    deadline = time.monotonic() + 2 * TIMEOUT_S
    # As many as may come in for long; the kernels of both ends take the first of the answers.
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            raw.send(*[PING] * 40)
            time.sleep(0.1)
    ended = sessions.closed(shared_daemon, session_id)
    assert ended.close_reason == pb.CLOSE_REASON_UNREAD
    assert ended.close_detail == "more than 262144 bytes waited for the client"
    raw.read()
    assert raw.protocol.close_rcvd is None
    assert CloseReason.UNREAD.value not in {message.get("reason") for message in raw.messages}
