"""The household: members who join, read, ping and upload until they leave."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from householdctl.data_plane.member import HouseholdMember, join
from householdctl.data_plane.no_session import OPEN_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
    from types import TracebackType

    from household_scoring.directions import Stretch
    from householdctl.data_plane.server_url import Server

WHO = ("alex", "sarah", "jake", "computer")
PROBES = 4
"""Connections that ping in turn: a lost packet delays one only."""
PROBE_PINGS_PER_S = 20.0
"""Of all probes together."""
PERSON_PINGS_PER_S = 10.0
PARALLEL_PINGS_PER_S = 1.0
"""Of a connection that joins another one of the same member."""
INTRODUCTION_S = 3.0
"""Seconds for the first message of a session."""
LEAVE_S = 1.0
"""Seconds to close all connections over a congested line."""
TELL_S = 0.25
"""Interval of progress."""


class EndedEarlyError(Exception):
    """A session ended before the household was complete."""


@dataclass(frozen=True)
class Progress:
    """Progress of a run."""

    phase: str
    left: float
    """In seconds, of a stretch those of the stretch."""
    members: Sequence[HouseholdMember]
    stretch: Stretch | None = None


class HouseholdSessions:
    """All sessions of a run, with one test id. Leaving the block closes them."""

    def __init__(self, server: Server, tell: Callable[[Progress], None]) -> None:
        self._server = server
        self.probes: list[HouseholdMember] = []
        self.members: list[HouseholdMember] = []
        """In order of their entrance, also those who have left."""
        self._tell = tell
        self._test_id = secrets.token_hex(4)
        self._works: list[asyncio.Task[None]] = []
        self._farewells: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await _cancel([*self._works, *self._farewells])
        # Without a closing handshake they count as lost.
        await _all((member.connection.close() for member in self.members), LEAVE_S)
        for member in self.members:
            member.connection.transport.abort()

    async def enter_probes(self) -> None:
        """Raise as :meth:`enter`."""
        # The first alone, because it reserves places for all, or is refused for all.
        self.probes = [*await self._open(["probe"], {}), *await self._open(["probe"] * (PROBES - 1), {})]
        for place, probe in enumerate(self.probes):
            self.run_beside(probe.ping(PROBE_PINGS_PER_S / PROBES, place / PROBES))
        await _introduced(self.probes)

    async def enter(self, profiles: Sequence[str], queries: Mapping[str, str]) -> list[HouseholdMember]:
        """Open a session of each profile; ``queries`` are those of their URLs, if any.

        Raise OSError, TimeoutError or websockets' InvalidHandshake if one cannot be opened, and EndedEarlyError.
        """
        entered = await self._open(profiles, queries)
        for member in entered:
            self.run_beside(member.ping(PERSON_PINGS_PER_S))
        await _introduced(entered)
        return entered

    async def enter_parallel(self, profile: str, count: int, query: str = "") -> list[HouseholdMember]:
        """Open sessions that join the one of a profile; return those that the server let in, which may be fewer."""
        joining = (self._open([profile], {profile: f"{query}&parallel=1"}) for _ in range(count))
        joined: list[HouseholdMember] = []
        for outcome in await asyncio.gather(*joining, return_exceptions=True):
            if isinstance(outcome, list):
                joined += outcome
            elif not isinstance(outcome, OPEN_ERRORS):
                raise outcome
        for member in joined:
            member.parallel = True
            self.run_beside(member.ping(PARALLEL_PINGS_PER_S))
        # A queue of the line may hold back an introduction, which spoils nothing but that connection.
        with suppress(TimeoutError, EndedEarlyError):
            await _introduced(joined)
        stayed = [member for member in joined if member.introduced.is_set() and not member.ended]
        self.dismiss(member for member in joined if member not in stayed)
        return stayed

    async def watch(
        self, phase: str, seconds: float, members: Iterable[HouseholdMember] = (), stretch: Stretch | None = None
    ) -> None:
        """Wait for the end of a phase, or of the probes and ``members``."""
        watched = [*self.probes, *members]
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not all(member.ended for member in watched):
            self._tell(Progress(phase, left, watched, stretch))
            await asyncio.sleep(min(left, TELL_S))

    def dismiss(self, members: Iterable[HouseholdMember]) -> None:
        """Let members leave, without waiting: what a congested line holds may take longer than the next phase."""
        self._farewells += [asyncio.create_task(member.stop()) for member in members]

    async def end(self) -> None:
        """Let the probes leave, and wait no longer for those who were dismissed."""
        await _cancel(self._farewells)
        # The final messages bring the TCP figures.
        await _all((probe.stop() for probe in self.probes), LEAVE_S)

    def run_beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run until the household is over."""
        self._works.append(asyncio.create_task(work))
        return self._works[-1]

    async def _open(self, profiles: Sequence[str], queries: Mapping[str, str]) -> list[HouseholdMember]:
        # All at once, because each takes some round trips.
        opening = (join(self._server, each, self._test_id, queries.get(each, "")) for each in profiles)
        opened = await asyncio.gather(*opening, return_exceptions=True)
        members = [each for each in opened if isinstance(each, HouseholdMember)]
        self.members += members
        for failure in opened:
            if isinstance(failure, BaseException):
                raise failure
        for member in members:
            self.run_beside(member.read())
            self.run_beside(member.upload())
        return members


async def _introduced(members: Iterable[HouseholdMember]) -> None:
    async with asyncio.timeout(INTRODUCTION_S):
        for member in members:
            await member.introduced.wait()
            if member.ended:
                raise EndedEarlyError(member.ended)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _all(works: Iterable[Coroutine[Any, Any, None]], timeout: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await asyncio.gather(*works, return_exceptions=True)
