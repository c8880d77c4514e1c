"""A member of the household: a connection that records measurements."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from householdctl.data_plane.cadence import Cadence
from householdctl.data_plane.session import closing_words, open_session
from householdctl.data_plane.upload_pacer import MAX_CHUNK_BYTES, UploadPacer
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from householdctl.data_plane.server_url import Server

_UPLOAD = os.urandom(MAX_CHUNK_BYTES)
"""Random, so that nothing on the line compresses it."""


@dataclass
class HouseholdMember:
    """Times are of ``time.monotonic``."""

    who: str
    connection: ClientConnection
    opened_at: float
    parallel: bool = False
    """Whether it joins another connection of the same member."""
    activity: str = ""
    wanted_download_bps: float = 0.0
    wanted_upload_bps: float = 0.0
    received_bytes: int = 0
    uploads: list[tuple[float, int]] = field(default_factory=list)
    """Server's totals: its own time, because a queue of the line delays them; bytes."""
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    sent: list[tuple[float, int]] = field(default_factory=list)
    """Uploads given to the connection: time, bytes."""
    pings: dict[int, float] = field(default_factory=dict)
    """Time by sequence."""
    round_trips: dict[int, float] = field(default_factory=dict)
    """Seconds by sequence."""
    server_overloaded: bool = False
    server_limited: bool = False
    """Whether a budget or the server's uplink limited the session for too much of it."""
    client_limited: bool = False
    """Whether this process took less than arrived, and was slowed."""
    server_tcp: dict[str, Any] | None = None
    """By the server's kernel."""
    kernel_ms: list[tuple[float, float]] = field(default_factory=list)
    """Round trips by the server's kernel, with the time at which it sent them: with each update; of a probe, with the
    answer to the ping that asked for them."""
    ended: str = ""
    """Empty while open."""
    close_reason: str = ""
    """``reason`` of ``session_complete``, such as ``killed``."""
    close_detail: str = ""
    """``detail`` of ``session_complete``, such as an operator's reason."""
    introduced: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the server has introduced or ended the session."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answer: dict[str, Any] = field(default_factory=dict)
    """``run_stored`` or ``run_refused``."""
    _stopped: bool = False
    """Whether this client has told the server to stop."""
    _asks: bool = False
    """Whether the next ping asks for the kernel's figures."""
    _upload: UploadPacer = field(default_factory=UploadPacer)
    _requested: asyncio.Event = field(default_factory=asyncio.Event)
    _latest: deque[float] = field(default_factory=lambda: deque(maxlen=50))

    async def read(self) -> None:
        """Answer until the connection ends."""
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
        """Send pings until cancelled.

        Pings are due at whole intervals of the clock plus ``turn`` of an interval, so that members alternate.
        """
        cadence = Cadence(hertz, turn)
        sequence = 0
        # Waiting for our own upload does not delay the next ping.
        async with asyncio.TaskGroup() as sending:
            while not self.ended:
                await cadence.due()
                sequence += 1
                self.pings[sequence] = time.monotonic()
                asked = {"tcp": True} if self._asks else {}
                self._asks = False
                sending.create_task(self._send({"type": "ping", "sequence": sequence, **asked}))

    async def upload(self) -> None:
        """Upload until cancelled, beside reading, so that a slow uplink does not delay pongs."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            while self._upload.pending_bytes > 0:
                await asyncio.sleep(self._upload.due_at - time.monotonic())
                # Nothing, if this client stopped meanwhile.
                if size := self._upload.take():
                    await self.connection.send(_UPLOAD[:size])
                    self.sent.append((time.monotonic(), size))

    def ask_kernel(self) -> None:
        """Ask for the kernel's figures with the next ping: a probe gets no updates."""
        self._asks = True

    async def stop(self) -> None:
        """Tell the server, and wait until it closes. What is left to upload is dropped."""
        self._stopped = True
        self._upload.clear()
        await self._send({"type": "stop_test"})
        await self.connection.wait_closed()

    async def report(self, message: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Return the answer, empty after ``timeout`` seconds, as of a server without run reports."""
        await self._send(message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.answered.wait(), timeout)
        return self.answer

    @property
    def latest_ms(self) -> float | None:
        """Median of the latest round trips; None before the first."""
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
                self._take_kernel(message, now)
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
                sent_at = self.opened_at + elapsed
                self.uploads.append((sent_at, count))
                self.wanted_download_bps = float(message["target_download_mbps"]) * 1e6
                self.wanted_upload_bps = float(message.get("target_upload_mbps", self.wanted_upload_bps / 1e6)) * 1e6
                self.server_overloaded = message.get("server_overloaded") is True
                self.server_limited = message.get("server_limited") is True
                self.client_limited = message.get("client_limited") is True
                self.server_tcp = message.get("server_tcp") or self.server_tcp
                if message["type"] == "real_time_update":
                    self._take_kernel(message, sent_at)
                self.close_reason = str(message.get("reason", ""))
                self.close_detail = str(message.get("detail", ""))
            case {"type": "real_upload_request"} if not self._stopped:
                self._upload.accept(message, now)
                self._requested.set()
            case _:
                pass

    def _take_kernel(self, message: dict[str, Any], sent_at: float) -> None:
        tcp = message.get("server_tcp") or {}
        self.kernel_ms += [(sent_at, float(each)) for each in tcp.get("rtts_ms", ())]

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self.connection.send(json.dumps(message, separators=(",", ":")))
        except ConnectionClosed:
            # read() has recorded the end.
            return


async def join(server: Server, who: str, test_id: str, query: str = "") -> HouseholdMember:
    """Raise OSError, TimeoutError, or websockets' InvalidHandshake."""
    connection = await open_session(server, who, test_id, query)
    return HouseholdMember(who, connection, time.monotonic())
