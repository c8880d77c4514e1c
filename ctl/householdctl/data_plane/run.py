"""A run from start to end: the idle line, perhaps the Computer alone, the household, and the line's recovery."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from household_scoring.measurements import Circumstances, RunFacts
from householdctl.data_plane import run_sharing
from householdctl.data_plane.measurements import SETTLE_S, WARM_UP_S, WarmUp, person_facts, probe_facts, warm_up_of
from householdctl.data_plane.member import HouseholdMember, join

if TYPE_CHECKING:
    from householdctl.data_plane.server_url import Server

WHO = ("alex", "sarah", "jake", "computer")

IDLE_S = 5.0
RECOVERY_S = 3.0
ANSWER_S = 3.0
"""Seconds that the server has to say what becomes of the run's report."""
LEAVE_S = 1.0
"""Seconds for all to close their connections; a line in trouble may hold up what is said."""
PROBES = 4
"""Connections that take turns to ping: a lost packet holds up one of them, and the others show that it is one."""
PROBE_PINGS_PER_S = 20.0
"""Of all probes together."""
PERSON_PINGS_PER_S = 10.0

LATE_TIMER_MS = 20.0
"""Lateness of this process's own timers in milliseconds; beyond it a round trip says more of them than of the line."""


@dataclass(frozen=True)
class Plan:
    """What to run."""

    server: Server
    seconds: float
    computer_mbps: float
    """What the Computer asks for, after a warm-up the most that it does; the daemon caps it at the profile's rate."""
    warm_up: bool
    """Whether the line is measured first."""
    share: bool
    """Whether the server is asked to keep the run."""


class EndedEarlyError(Exception):
    """The server ended a session before the household was complete; the text says why."""


@dataclass(frozen=True)
class Ended:
    """A session that the server ended, or that was lost, while it was measured."""

    who: str
    words: str
    """For people: the close frame's, or that the connection was lost."""
    reason: str
    """Of ``session_complete``; empty where none came."""
    detail: str
    """Of ``session_complete``: what an operator gave as the reason for a kill."""


@dataclass(frozen=True)
class Played:
    """A run that is over."""

    facts: RunFacts
    warm_up: WarmUp | None
    """None without one, and where nothing came."""
    server_tcp: dict[str, dict[str, Any]]
    """By member, of the probes the last one's: the connection as the server's kernel saw it at the end."""
    answer: dict[str, Any]
    """What the server said of keeping it; empty where it was not asked, or said nothing."""
    ended: tuple[Ended, ...]
    """Sessions that were over before the load was."""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    phase: str
    left: float
    """Seconds until the phase ends."""
    members: list[HouseholdMember]


async def play(plan: Plan, tell: Callable[[Progress], None]) -> Played:
    """Plays the household and says what was seen. ``tell`` is called four times a second.

    Raises OSError or a WebSocketException when a connection cannot be opened, and EndedEarlyError.
    """
    test_id = secrets.token_hex(4)
    clocks = time.time() - time.monotonic()
    start = time.monotonic()
    members: list[HouseholdMember] = []

    async def enter(who: str, query: str = "") -> HouseholdMember:
        members.append(await join(plan.server, who, test_id, query))
        return members[-1]

    async with AsyncExitStack() as stack:
        stack.push_async_callback(_leave, members)
        probes = [await enter("probe") for _ in range(PROBES)]
        for place, probe in enumerate(probes):
            await _engage(stack, probe, PROBE_PINGS_PER_S / PROBES, place / PROBES)
        await _pass("idle", IDLE_S, probes, tell)
        idle_until = time.monotonic()
        if all(probe.ended for probe in probes):
            raise EndedEarlyError(probes[0].ended)
        alone: list[HouseholdMember] = []
        warm_up = await _warm_up(plan, test_id, probes, alone, tell) if plan.warm_up else None
        wish = f"&throughput={warm_up.computer_mbps if warm_up else plan.computer_mbps}"
        people = [await enter(who, wish if who == "computer" else "") for who in WHO]
        late: list[float] = []
        watching = asyncio.create_task(_watch_timers(late))
        stack.callback(watching.cancel)
        for member in people:
            await _engage(stack, member, PERSON_PINGS_PER_S)
        began = time.monotonic()
        await _pass("load", plan.seconds, [*probes, *people], tell)
        ended = time.monotonic()
        watching.cancel()
        gone = tuple(
            Ended(member.who, member.ended, member.close_reason, member.close_detail)
            for member in (*probes, *people)
            if member.ended
        )
        received = {member.who: member.received_bytes for member in people}
        # What a line in trouble still holds may take long to come; the connections are cut when the run is over.
        stops = [asyncio.create_task(member.stop()) for member in people]
        await _pass("recovery", RECOVERY_S, probes, tell)
        for stop in stops:
            stop.cancel()
        await asyncio.gather(*stops, return_exceptions=True)
        circumstances = Circumstances(
            clock_jump_ms=abs(time.time() - time.monotonic() - clocks) * 1e3,
            client_overloaded=_p95(late) > LATE_TIMER_MS / 1e3,
            server_overloaded=any(member.server_overloaded for member in (*probes, *people)),
            server_limited=any(member.server_limited for member in (*alone, *people)),
            connection_lost=bool(gone),
        )
        facts = RunFacts(
            probe=probe_facts(probes, idle_until, began, ended),
            people=tuple(person_facts(member, received[member.who], began, ended) for member in people),
            load_s=ended - began,
            circumstances=circumstances,
        )
        answer: dict[str, Any] = {}
        if plan.share:
            over = time.monotonic()
            spans = {"idle": (start, idle_until), "load": (began, ended), "recovery": (ended, over)}
            if plan.warm_up:
                spans |= {"warm_up": (idle_until, began)}
            phases = {name: (begin - start, end - start) for name, (begin, end) in spans.items()}
            course = run_sharing.points(
                start,
                over,
                ((probe.pings[each], seconds) for probe in probes for each, seconds in probe.round_trips.items()),
                (portion for member in (*alone, *people) for portion in member.arrivals),
                (portion for member in (*alone, *people) for portion in member.sent),
            )
            answer = await probes[0].report(run_sharing.message(facts, phases, warm_up, course), ANSWER_S)
        # With the last words comes what the server's kernel saw.
        await _all((probe.stop() for probe in probes), LEAVE_S)
    server_tcp = {member.who: member.server_tcp for member in (*probes, *people) if member.server_tcp}
    return Played(facts, warm_up, server_tcp, answer, gone)


async def _warm_up(
    plan: Plan,
    test_id: str,
    probes: list[HouseholdMember],
    alone: list[HouseholdMember],
    tell: Callable[[Progress], None],
) -> WarmUp | None:
    """Lets the Computer, which is added to ``alone``, be so on the line, and the line empty its queue after it."""
    computer = await join(plan.server, "computer", test_id)
    alone.append(computer)
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_leave, [computer])
        await _engage(stack, computer, PERSON_PINGS_PER_S)
        await _pass("warm_up", WARM_UP_S, [*probes, computer], tell)
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await computer.stop()
    await _pass("warm_up", SETTLE_S, probes, tell)
    return warm_up_of(computer.arrivals, began, plan.computer_mbps)


async def _engage(stack: AsyncExitStack, member: HouseholdMember, hertz: float, turn: float = 0.0) -> None:
    """Lets a member read, ping and upload until the stack ends."""
    tasks = [asyncio.create_task(work) for work in (member.read(), member.ping(hertz, turn), member.upload())]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)
    async with asyncio.timeout(RECOVERY_S):
        await member.introduced.wait()
    if member.ended:
        raise EndedEarlyError(member.ended)


async def _leave(members: list[HouseholdMember]) -> None:
    """Closes what is open; a server that is not told counts a lost connection."""
    await _all((member.connection.close() for member in members), LEAVE_S)
    for member in members:
        member.connection.transport.abort()


async def _all(works: Iterable[Coroutine[Any, Any, None]], patience: float) -> None:
    """Lets all work at once, for ``patience`` seconds at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await asyncio.gather(*works, return_exceptions=True)


async def _pass(phase: str, seconds: float, members: list[HouseholdMember], tell: Callable[[Progress], None]) -> None:
    """Lets a phase go by, while anybody is left."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not all(member.ended for member in members):
        tell(Progress(phase, left, members))
        await asyncio.sleep(min(left, 0.25))


async def _watch_timers(late: list[float]) -> None:
    """Notes how many seconds this process's timers are late: its own part in the round trips."""
    while True:
        at = time.monotonic() + 0.05
        await asyncio.sleep(0.05)
        late.append(time.monotonic() - at)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0
