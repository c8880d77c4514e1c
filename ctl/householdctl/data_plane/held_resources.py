"""What a server still holds of a household: by its control API, or by the statistics that it publishes."""

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
    """Live sessions of the household, and payload bytes sent: to it, and in total.

    A figure of bytes is None where it cannot be known, or where other clients move it as well.
    """

    sessions: int
    household_bytes: int | None
    total_bytes: int | None

    def same_traffic(self, before: Count) -> bool:
        """Whether not one byte was sent since then, as far as can be told."""
        return (self.household_bytes, self.total_bytes) == (before.household_bytes, before.total_bytes)


class HeldResources(Protocol):
    """Somebody who can be asked what the server holds."""

    name: str

    async def count(self) -> Count:
        """What the server holds now. Raises OSError, ValueError or CommandError."""


class ControlHeldResources:
    """Asks the control API, which knows the household's sessions one by one."""

    name = "control API"

    def __init__(self, client: Client, test_id: str) -> None:
        """For the household of this test id."""
        self._client = client
        self._query = f'test_id = "{test_id}"'
        self._ids: list[str] = []

    async def recognise(self) -> int:
        """Remembers the household's sessions while they live; how many there are. 0: this is another daemon."""
        listing = await asyncio.to_thread(self._client.list_sessions, self._query)
        self._ids = [session.id for session in listing.sessions]
        return len(self._ids)

    async def count(self) -> Count:
        """Live sessions by the list, bytes by the sessions themselves, which can be read after their end too."""
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
            # A session may be gone from the list and not yet be over.
            listed = any(other.id == session_id for other in listing.sessions)
            live += not listed and session.state != SessionState.SESSION_STATE_CLOSED
        server = self._client.get_server()
        return Count(live, household_bytes, None if server.sessions else server.totals.sent_bytes)


class StatsHeldResources:
    """Reads the public statistics, which know only how many sessions there are: others than ours count as ours."""

    name = "public statistics"

    def __init__(self, server: Server) -> None:
        """Call :meth:`begin` before the household is opened."""
        self._server = server
        self.others = 0

    async def begin(self) -> None:
        """Remembers how many sessions there are already."""
        self.others = (await asyncio.to_thread(self._read))[0]

    async def count(self) -> Count:
        """Sessions beyond those that were there before; bytes only when nobody else can have moved them."""
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
        raise ValueError(f"{self._server.stats_url} does not tell active_sessions and sent_bytes as whole numbers")
