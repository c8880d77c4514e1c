"""Messages that break the protocol: one word to the client, then a budget."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from household.v1 import session_pb2 as pb
from householdd.session.dialogue import MAX_ERRORS
from tests.daemon import Daemon
from tests.websocket_clients import Client, client
from tests.worker import sessions
from tests.worker.conftest import ConnectRaw


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "",
        "[]",
        "{}",
        '{"type": 5}',
        '{"type": "ping", "timestamp": "now"}',
        '{"type": "real_upload_data", "size": -1}',
        '{"type": "client_confirmation", "received_bytes": null}',
        "[" * 10_000,
    ],
    ids=lambda text: text[:20],
)
async def test_malformed_messages_are_answered_once_and_then_counted(shared_daemon: Daemon, text: str) -> None:
    async with client(shared_daemon, "alex", Client) as alex:
        await alex.until(lambda: alex.messages)
        for _ in range(MAX_ERRORS):
            await alex.connection.send(text)
        await alex.send(type="ping", timestamp=1)
        await alex.until(lambda: alex.kinds["pong"])
        assert alex.kinds["error"] == 1
        assert alex.last("error")["error"]
        await alex.connection.send(text)
        await alex.connection.wait_closed()
    assert alex.connection.close_code == 1008
    assert alex.kinds["error"] == 1
    ended = sessions.closed(shared_daemon, alex.session_id)
    assert ended.close_reason == pb.CLOSE_REASON_MALFORMED


async def test_unknown_types_are_ignored_up_to_the_budget(shared_daemon: Daemon) -> None:
    before = shared_daemon.get_server().totals.protocol_errors
    async with client(shared_daemon, "alex", Client) as alex:
        await alex.until(lambda: alex.messages)
        for index in range(MAX_ERRORS):
            await alex.send(type=f"unknown_{index}", size="whatever")
        await alex.send(type="ping", timestamp=1)
        await alex.until(lambda: alex.kinds["pong"])
        assert shared_daemon.get_server().totals.protocol_errors == before + MAX_ERRORS
        await alex.send(type="unknown")
        await alex.connection.wait_closed()
    assert alex.connection.close_code == 1008
    assert alex.kinds["error"] == 0
    assert alex.last("session_complete")["reason"] == "protocol_error"


def test_text_that_is_not_utf_8_is_malformed(connect_raw: ConnectRaw) -> None:
    raw = connect_raw("alex")
    raw.send(Frame(Opcode.TEXT, b'{"type": "\xff"}'))
    raw.read(lambda: any(message["type"] == "error" for message in raw.messages))
    assert [message["type"] for message in raw.messages].count("error") == 1
