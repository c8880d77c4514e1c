"""Resources that a server still holds for a household."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from household.v1.session_pb2 import SessionState
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from householdctl.control.client import Client
    from householdctl.data_plane.server_url import Server

_STATS_TIMEOUT_S = 5.0
_STATS_LIMIT_BYTES = 2**20


@dataclass(frozen=True)
class Count:
    """Live sessions, and payload bytes sent to the household and in total.

    Bytes are None if unknown, or affected by other clients.
    """

    sessions: int
    household_bytes: int | None
    total_bytes: int | None

    def same_traffic(self, before: Count) -> bool:
        """Whether no byte was sent since ``before``, as far as is known."""
        return (self.household_bytes, self.total_bytes) == (before.household_bytes, before.total_bytes)


class HeldResources(Protocol):
    """Source of counts."""

    name: str

    async def count(self) -> Count:
        """Raise OSError, ValueError or CommandError."""


class ControlHeldResources:
    """Counts by the control API."""

    name = "control API"

    def __init__(self, client: Client, test_id: str) -> None:
        self._client = client
        self._query = f'test_id = "{test_id}"'
        self._ids: list[str] = []

    async def recognise(self) -> int:
        """Remember the household's live sessions; return their number."""
        listing = await asyncio.to_thread(self._client.list_sessions, self._query)
        self._ids = [session.id for session in listing.sessions]
        return len(self._ids)

    async def count(self) -> Count:
        """Count sessions by the list, bytes by each session, which outlives it."""
        return await asyncio.to_thread(self._count)

    def _count(self) -> Count:
        listing = self._client.list_sessions(self._query)
        if listing.unreachable_workers:
            names = ", ".join(worker.worker for worker in listing.unreachable_workers)
            raise CommandError(ExitCode.UNREACHABLE, f"workers do not answer: {names}")
        household_bytes, live = 0, len(listing.sessions)
        for session_id in self._ids:
            try:
                session = self._client.get_session(session_id)
            except CommandError as error:
                if error.code is not ExitCode.NOT_FOUND:
                    raise
                continue
            household_bytes += session.sent_bytes
            # The list may lack a closing session.
            listed = any(other.id == session_id for other in listing.sessions)
            live += not listed and session.state != SessionState.SESSION_STATE_CLOSED
        server = self._client.get_server()
        return Count(live, household_bytes, None if server.sessions else server.totals.sent_bytes)


class StatsHeldResources:
    """Counts by the public statistics: all new sessions count as the household's."""

    name = "public statistics"

    def __init__(self, server: Server) -> None:
        """Call :meth:`begin` before opening the household."""
        self._server = server
        self.others = 0

    async def begin(self) -> None:
        self.others = (await asyncio.to_thread(self._read))[0]

    async def count(self) -> Count:
        """Count bytes only without other sessions."""
        active, sent = await asyncio.to_thread(self._read)
        return Count(max(0, active - self.others), None, None if self.others else sent)

    def _read(self) -> tuple[int, int]:
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if self._server.context:
            handlers.append(urllib.request.HTTPSHandler(context=self._server.context))
        opener = urllib.request.build_opener(*handlers)
        try:
            with opener.open(self._server.stats_url, timeout=_STATS_TIMEOUT_S) as response:
                stats = json.loads(response.read(_STATS_LIMIT_BYTES))
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError as error:
            cause = error.reason if isinstance(error.reason, BaseException) else error
            raise OSError(describe_failure(cause)) from error
        except http.client.HTTPException as error:
            raise OSError(describe_failure(error)) from error
        match stats:
            case {"active_sessions": int(active), "sent_bytes": int(sent)}:
                return active, sent
        raise ValueError(f"{self._server.stats_url} lacks active_sessions and sent_bytes as whole numbers")
