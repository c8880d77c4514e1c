"""A run: idle line, warm-up, household, recovery."""

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
from householdctl.data_plane.gateway import GatewayFacts, GatewayPinger, NoGatewayError, find_gateway
from householdctl.data_plane.measurements import (
    SETTLE_S,
    WARM_UP_S,
    WarmUp,
    is_device_limited,
    person_facts,
    probe_facts,
    warm_up_of,
)
from householdctl.data_plane.member import HouseholdMember, join

if TYPE_CHECKING:
    from household_scoring.home_or_line import Reason
    from householdctl.data_plane.server_url import Server

WHO = ("alex", "sarah", "jake", "computer")

IDLE_S = 5.0
RECOVERY_S = 3.0
ANSWER_S = 3.0
"""Seconds to answer the run report."""
LEAVE_S = 1.0
"""Seconds to close all connections over a congested line."""
PROBES = 4
"""Connections that ping in turn: a lost packet delays one only."""
PROBE_PINGS_PER_S = 20.0
"""Of all probes together."""
PERSON_PINGS_PER_S = 10.0
GATEWAY_PINGS_PER_S = PROBE_PINGS_PER_S

LATE_TIMER_MS = 20.0
"""Lateness of timers in milliseconds; beyond, round trips measure this process."""


@dataclass(frozen=True)
class Plan:
    """Parameters of a run."""

    server: Server
    seconds: float
    computer_mbps: float
    """After a warm-up, the maximum; the daemon caps it."""
    warm_up: bool
    share: bool


class EndedEarlyError(Exception):
    """A session ended before the household was complete."""


@dataclass(frozen=True)
class Ended:
    """Session that ended during the load."""

    who: str
    words: str
    reason: str
    """``reason`` of ``session_complete``."""
    detail: str
    """``detail`` of ``session_complete``."""


@dataclass(frozen=True)
class Played:
    """A finished run."""

    facts: RunFacts
    warm_up: WarmUp | None
    """None if nothing arrived."""
    server_tcp: dict[str, dict[str, Any]]
    """Final TCP figures of the server's kernel, by member."""
    answer: dict[str, Any]
    ended: tuple[Ended, ...]
    gateway: GatewayFacts


@dataclass(frozen=True)
class Progress:
    """Progress of a run."""

    phase: str
    left: float
    """In seconds."""
    members: list[HouseholdMember]


async def play(plan: Plan, tell: Callable[[Progress], None]) -> Played:
    """Play the household; call ``tell`` four times a second.

    Raise OSError or WebSocketException if a connection cannot be opened, and EndedEarlyError.
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
        gateway = _ping_gateway(stack, plan.server, probes[0])
        for place, probe in enumerate(probes):
            await _engage(stack, probe, PROBE_PINGS_PER_S / PROBES, place / PROBES)
        await _pass("idle", IDLE_S - 2 * PROBES / PROBE_PINGS_PER_S, probes, tell)
        for probe in probes:
            probe.ask_kernel()
        await _pass("idle", 2 * PROBES / PROBE_PINGS_PER_S, probes, tell)
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
        # A congested line may hold much; the connections are aborted later.
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
        # The final messages bring the TCP figures.
        await _all((probe.stop() for probe in probes), LEAVE_S)
    server_tcp = {member.who: member.server_tcp for member in (*probes, *people) if member.server_tcp}
    pinged = GatewayFacts(obstacle=gateway) if isinstance(gateway, str) else gateway.facts(idle_until, began, ended)
    return Played(facts, warm_up, server_tcp, answer, gone, pinged)


def _ping_gateway(stack: AsyncExitStack, server: Server, probe: HouseholdMember) -> GatewayPinger | Reason:
    """Ping the gateway of a connection until the stack closes; return the pinger, or why there is none."""
    if server.proxy is not None:
        return "proxy"
    peer, local = probe.connection.remote_address, probe.connection.local_address
    try:
        pinger = GatewayPinger(find_gateway(peer[0], local[0]))
    except NoGatewayError as error:
        return error.reason
    stack.callback(pinger.close)
    # Between two pings of the probes.
    _run_beside(stack, pinger.ping(GATEWAY_PINGS_PER_S, turn=0.5))
    return pinger


async def _warm_up(
    plan: Plan,
    test_id: str,
    probes: list[HouseholdMember],
    alone: list[HouseholdMember],
    tell: Callable[[Progress], None],
) -> WarmUp | None:
    """Measure the line with the Computer alone, then let the queue drain."""
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
    limited = is_device_limited(computer)
    return warm_up_of(computer.arrivals, began, plan.computer_mbps, device_limited=limited)


async def _engage(stack: AsyncExitStack, member: HouseholdMember, hertz: float, turn: float = 0.0) -> None:
    """Read, ping and upload until the stack closes."""
    _run_beside(stack, member.read(), member.ping(hertz, turn), member.upload())
    async with asyncio.timeout(RECOVERY_S):
        await member.introduced.wait()
    if member.ended:
        raise EndedEarlyError(member.ended)


def _run_beside(stack: AsyncExitStack, *works: Coroutine[Any, Any, None]) -> None:
    """Run until the stack closes."""
    tasks = [asyncio.create_task(work) for work in works]

    async def end() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    stack.push_async_callback(end)


async def _leave(members: list[HouseholdMember]) -> None:
    """Close connections; without a handshake they count as lost."""
    await _all((member.connection.close() for member in members), LEAVE_S)
    for member in members:
        member.connection.transport.abort()


async def _all(works: Iterable[Coroutine[Any, Any, None]], timeout: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout):
            await asyncio.gather(*works, return_exceptions=True)


async def _pass(phase: str, seconds: float, members: list[HouseholdMember], tell: Callable[[Progress], None]) -> None:
    """Wait for the end of a phase, or of all members."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not all(member.ended for member in members):
        tell(Progress(phase, left, members))
        await asyncio.sleep(min(left, 0.25))


async def _watch_timers(late: list[float]) -> None:
    """Record the lateness of timers in seconds."""
    while True:
        at = time.monotonic() + 0.05
        await asyncio.sleep(0.05)
        late.append(time.monotonic() - at)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0
