"""Clients of a household that abort."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from householdctl.data_plane.session import closing_words, open_session
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from householdctl.data_plane.server_url import Server

WHO = ("alex", "sarah", "jake", "computer")

# As deployed clients.
_UPLOAD_CHUNK_BYTES = 65_536
# The transport reports its end within one turn of the event loop.
_ABORT_TIMEOUT_S = 2.0


@dataclass
class LeakClient:
    """``ended_early`` is how the server ended it during the traffic."""

    who: str
    connection: ClientConnection
    received_bytes: int = 0
    tests_passed: int = 0
    ended_early: str = ""


async def join(server: Server, who: str, test_id: str) -> LeakClient:
    """Raise OSError, TimeoutError, or websockets' InvalidHandshake."""
    return LeakClient(who, await open_session(server, who, test_id))


async def live(member: LeakClient, seconds: float) -> None:
    """Answer for ``seconds`` or until the server closes."""
    try:
        async with asyncio.timeout(seconds):
            async for message in member.connection:
                if isinstance(message, bytes):
                    member.received_bytes += len(message)
                else:
                    await _answer(member, message)
            member.ended_early = "closed by the server"
    except TimeoutError:
        pass
    except ConnectionClosed as closed:
        member.ended_early = f"ended by the server: {closing_words(closed)}"
    except (RecursionError, ValueError) as error:
        member.ended_early = f"the server sent a text that is not JSON: {describe_failure(error)}"


async def vanish(member: LeakClient) -> bool:
    """Abort without a closing handshake; return whether this client did it."""
    was_open = member.connection.state is State.OPEN
    member.connection.transport.abort()
    try:
        async with asyncio.timeout(_ABORT_TIMEOUT_S):
            await member.connection.wait_closed()
    except TimeoutError:
        return False
    return was_open


async def _answer(member: LeakClient, text: str) -> None:
    message = json.loads(text)
    now_ms = round(time.monotonic() * 1000)
    match message:
        case {"type": "connection_test"}:
            answer = {"type": "connection_test_response", "user_id": message.get("user_id")}
            await _send(member, {**answer, "timestamp": message.get("timestamp"), "client_timestamp": now_ms})
            member.tests_passed += 1
        case {"type": "ping"}:
            echoed = {key: message.get(key) for key in ("user_id", "sequence", "timestamp", "server_time")}
            await _send(member, {"type": "pong", **echoed, "client_timestamp": now_ms})
            member.tests_passed += 1
        case {"type": "real_upload_request", "target_bytes": int(wanted)} if wanted > 0:
            await member.connection.send(bytes(min(wanted, _UPLOAD_CHUNK_BYTES)))
        case _:
            pass


async def _send(member: LeakClient, message: dict[str, Any]) -> None:
    await member.connection.send(json.dumps(message))
