"""One person of the household: a connection that plays its part and notes what it sees."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from householdctl.data_plane.session import closing_words, open_session
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from householdctl.data_plane.server_url import Server

_UPLOAD_CHUNK_BYTES = 16 * 1024
_UPLOAD_BACKLOG_S = 1.0
"""Seconds of wanted upload that may wait for the line. More is dropped, so that no queue of ours is measured."""

_TOTALS_OF_A_RATE = 2


@dataclass
class HouseholdMember:
    """What one connection was told and saw. Times are of ``time.monotonic``."""

    who: str
    connection: ClientConnection
    activity: str = ""
    wanted_download_bps: float = 0.0
    wanted_upload_bps: float = 0.0
    received_bytes: int = 0
    uploads: list[tuple[float, int]] = field(default_factory=list)
    """The server's totals of what was uploaded: its seconds since the upgrade, and bytes."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)
    """What was given to the connection as upload: when, and how many bytes."""
    pings: dict[int, float] = field(default_factory=dict)
    """When each ping was sent, by its sequence."""
    round_trips: dict[int, float] = field(default_factory=dict)
    """Seconds, by the ping's sequence."""
    server_overloaded: bool = False
    """The server was itself late for too much of the session so far."""
    server_limited: bool = False
    """A budget of the server, and not the line, was what held the session back for too much of it so far."""
    server_tcp: dict[str, Any] | None = None
    """What the server's kernel says of the connection, as the server sent it; None before it did."""
    ended: str = ""
    """How the server ended the connection; empty while it has not."""
    close_reason: str = ""
    """``reason`` of ``session_complete``, such as ``killed``; empty before it."""
    close_detail: str = ""
    """``detail`` of ``session_complete``, such as an operator's reason for a kill."""
    introduced: asyncio.Event = field(default_factory=asyncio.Event)
    """The server has introduced the session, or ended it."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """The server has said what becomes of a run report."""
    answer: dict[str, Any] = field(default_factory=dict)
    """``run_stored`` or ``run_refused``; empty before."""
    _owed: int = 0
    _uploads: asyncio.Event = field(default_factory=asyncio.Event)
    _latest: deque[float] = field(default_factory=lambda: deque(maxlen=50))

    async def read(self) -> None:
        """Reads and answers until the connection ends."""
        try:
            async for message in self.connection:
                now = time.monotonic()
                if isinstance(message, bytes):
                    self.received_bytes += len(message)
                    self.arrivals.append((now, len(message)))
                else:
                    await self._take(json.loads(message), now)
            self.ended = self.connection.close_reason or "closed by the server"
        except ConnectionClosed as closed:
            self.ended = closing_words(closed)
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            self.ended = f"the server sent a message that is not understood ({describe_failure(error)})"
        finally:
            self.introduced.set()

    async def ping(self, hertz: float, turn: float = 0.0) -> None:
        """Sends pings at equal intervals until cancelled.

        They are sent at whole intervals of the clock, and by ``turn`` of an interval later: members with turns of their
        own take turns.
        """
        interval = 1 / hertz
        at = (math.ceil(time.monotonic() / interval - turn) + turn) * interval
        sequence = 0
        # One that has to wait for our own upload does not put off the next.
        async with asyncio.TaskGroup() as sending:
            while not self.ended:
                await asyncio.sleep(max(at - time.monotonic(), 0))
                sequence += 1
                self.pings[sequence] = time.monotonic()
                sending.create_task(self._send({"type": "ping", "sequence": sequence}))
                # What was missed is not made up: several at once would measure themselves.
                at += interval * max(math.ceil((time.monotonic() - at) / interval), 1)

    async def upload(self) -> None:
        """Sends what the server asks for until cancelled, beside reading: a slow uplink must not hold up the pongs."""
        while True:
            await self._uploads.wait()
            self._uploads.clear()
            while self._owed > 0:
                size = min(self._owed, _UPLOAD_CHUNK_BYTES)
                self._owed -= size
                await self.connection.send(bytes(size))
                self.sent.append((time.monotonic(), size))

    async def stop(self) -> None:
        """Says that the client is done and waits for the server to close."""
        await self._send({"type": "stop_test"})
        await self.connection.wait_closed()

    async def report(self, message: dict[str, Any], patience: float) -> dict[str, Any]:
        """Reports a run, and waits at most ``patience`` seconds for the answer; empty where none came.

        A server that knows no reports says nothing, or that the message is malformed.
        """
        await self._send(message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.answered.wait(), patience)
        return self.answer

    @property
    def upload_bps(self) -> float:
        """Mean rate by the server's clock from its first total to its latest; 0 before the second.

        A total is old when it comes, by the line's queue and the server's interval, so our clock would make it too low.
        The last one comes with the end of the session: before it the latest may lack time in which nothing went.
        """
        if len(self.uploads) < _TOTALS_OF_A_RATE:
            return 0.0
        (began, before), (ended, after) = self.uploads[0], self.uploads[-1]
        return (after - before) * 8 / (ended - began)

    @property
    def latest_ms(self) -> float | None:
        """Median of the latest round trips in milliseconds; None before the first."""
        recent = sorted(self._latest)
        return recent[len(recent) // 2] * 1e3 if recent else None

    async def _take(self, message: dict[str, Any], now: float) -> None:
        match message:
            case {"type": "session_info", "profile": dict(profile)}:
                self.activity = str(profile["activity_type"])
                self.wanted_download_bps = float(profile["download_mbps"]) * 1e6
                self.wanted_upload_bps = float(profile["upload_mbps"]) * 1e6
                self.introduced.set()
            case {"type": "pong", "sequence": int(sequence)} if sequence in self.pings:
                self.round_trips.setdefault(sequence, now - self.pings[sequence])
                self._latest.append(now - self.pings[sequence])
            case {"type": "run_stored" | "run_refused"}:
                self.answer = message
                self.answered.set()
            case {"type": "ping"}:
                await self._send({**message, "type": "pong", "client_timestamp": round(now * 1e3)})
            case {"type": "connection_test"}:
                await self._send({**message, "type": "connection_test_response"})
            case {
                "type": "real_time_update" | "session_complete",
                "server_received_bytes": int(count),
                "elapsed_seconds": float(elapsed),
            }:
                self.uploads.append((elapsed, count))
                self.wanted_download_bps = float(message["target_download_mbps"]) * 1e6
                self.server_overloaded = message.get("server_overloaded") is True
                self.server_limited = message.get("server_limited") is True
                self.server_tcp = message.get("server_tcp") or self.server_tcp
                self.close_reason = str(message.get("reason", ""))
                self.close_detail = str(message.get("detail", ""))
            case {"type": "real_upload_request", "target_bytes": int(wanted)}:
                most = int(self.wanted_upload_bps / 8 * _UPLOAD_BACKLOG_S)
                self._owed = min(self._owed + wanted, max(most, wanted))
                self._uploads.set()
            case _:
                pass

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self.connection.send(json.dumps(message, separators=(",", ":")))
        except ConnectionClosed:
            # read() has noted how it ended.
            return


async def join(server: Server, who: str, test_id: str, query: str = "") -> HouseholdMember:
    """Opens one connection. Raises OSError, TimeoutError, or websockets' InvalidHandshake."""
    return HouseholdMember(who, await open_session(server, who, test_id, query))
