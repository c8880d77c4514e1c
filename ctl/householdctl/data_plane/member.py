"""A member of the household: a connection that plays its part and records measurements."""

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
"""Maximum backlog of upload, in seconds of the wanted rate; more is dropped, so that no queue of ours is measured."""

_TOTALS_OF_A_RATE = 2


@dataclass
class HouseholdMember:
    """One connection with its measurements. Times are of ``time.monotonic``."""

    who: str
    connection: ClientConnection
    activity: str = ""
    wanted_download_bps: float = 0.0
    wanted_upload_bps: float = 0.0
    received_bytes: int = 0
    uploads: list[tuple[float, int]] = field(default_factory=list)
    """The server's totals of uploads: seconds since the upgrade, and bytes."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)
    """Uploads given to the connection: time and bytes."""
    pings: dict[int, float] = field(default_factory=dict)
    """Time of each ping, by sequence."""
    round_trips: dict[int, float] = field(default_factory=dict)
    """Round trips in seconds, by sequence."""
    server_overloaded: bool = False
    """Whether the server was late for too much of the session so far."""
    server_limited: bool = False
    """Whether a budget of the server limited the session for too much of it so far."""
    server_tcp: dict[str, Any] | None = None
    """TCP figures of the server's kernel; None before the server sent them."""
    ended: str = ""
    """How the connection ended; empty while it is open."""
    close_reason: str = ""
    """``reason`` of ``session_complete``, such as ``killed``; empty before it."""
    close_detail: str = ""
    """``detail`` of ``session_complete``, such as an operator's reason for a kill."""
    introduced: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server has introduced the session, or ended it."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the server has answered a run report."""
    answer: dict[str, Any] = field(default_factory=dict)
    """Message ``run_stored`` or ``run_refused``; empty before."""
    _owed: int = 0
    _uploads: asyncio.Event = field(default_factory=asyncio.Event)
    _latest: deque[float] = field(default_factory=lambda: deque(maxlen=50))

    async def read(self) -> None:
        """Read and answer until the connection ends."""
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
        """Send pings at equal intervals until cancelled.

        Pings are due at whole intervals of the clock plus ``turn`` of an interval, so that members with different turns
        alternate.
        """
        interval = 1 / hertz
        at = (math.ceil(time.monotonic() / interval - turn) + turn) * interval
        sequence = 0
        # A ping that waits for our own upload does not delay the next.
        async with asyncio.TaskGroup() as sending:
            while not self.ended:
                await asyncio.sleep(max(at - time.monotonic(), 0))
                sequence += 1
                self.pings[sequence] = time.monotonic()
                sending.create_task(self._send({"type": "ping", "sequence": sequence}))
                # Missed pings are not made up for: several at once would measure each other.
                at += interval * max(math.ceil((time.monotonic() - at) / interval), 1)

    async def upload(self) -> None:
        """Upload on request until cancelled, beside reading, so that a slow uplink does not delay pongs."""
        while True:
            await self._uploads.wait()
            self._uploads.clear()
            while self._owed > 0:
                size = min(self._owed, _UPLOAD_CHUNK_BYTES)
                self._owed -= size
                await self.connection.send(bytes(size))
                self.sent.append((time.monotonic(), size))

    async def stop(self) -> None:
        """Tell the server that the client is done, and wait until it closes."""
        await self._send({"type": "stop_test"})
        await self.connection.wait_closed()

    async def report(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Report a run; return the answer, empty after ``timeout`` seconds.

        A server without run reports does not answer, or says that the message is malformed.
        """
        await self._send(message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.answered.wait(), timeout)
        return self.answer

    @property
    def upload_bps(self) -> float:
        """Mean rate from the server's first total to its latest, by its clock; 0 before the second.

        Totals are delayed by the line's queue and the server's interval, so that our clock would give a rate that is
        too low. The last total comes with the end of the session; earlier ones may lack a pause.
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
            # read() has recorded the end.
            return


async def join(server: Server, who: str, test_id: str, query: str = "") -> HouseholdMember:
    """Open a connection. Raises OSError, TimeoutError, or websockets' InvalidHandshake."""
    return HouseholdMember(who, await open_session(server, who, test_id, query))
