"""A run: idle line, warm-up, the stretches of the load, recovery."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from household_scoring.measurements import Circumstances, RunFacts
from householdctl.data_plane import run_sharing
from householdctl.data_plane.gateway import GatewayFacts, GatewayPinger, NoGatewayError, find_gateway
from householdctl.data_plane.household import PROBE_PINGS_PER_S, PROBES, EndedEarlyError, HouseholdSessions
from householdctl.data_plane.measurements import Span, computer_facts, person_facts, probe_facts
from householdctl.data_plane.no_session import OPEN_ERRORS
from householdctl.data_plane.played import Ended, Played, PlayedStretch
from householdctl.data_plane.stretches import BACKUP, COMPUTER_SESSIONS, load_of
from householdctl.data_plane.warm_up import SETTLE_S, WarmUp, prepare
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from household_scoring.directions import Stretch
    from household_scoring.home_or_line import Reason
    from householdctl.data_plane.household import Progress
    from householdctl.data_plane.member import HouseholdMember
    from householdctl.data_plane.server_url import Server
    from householdctl.data_plane.stretches import Load

PEOPLE = ("alex", "sarah", "jake")
"""Connected throughout the load, while the Computer has sessions of its own in each stretch."""

IDLE_S = 5.0
RECOVERY_S = 3.0
ANSWER_S = 3.0
"""Seconds to answer the run report."""
GATEWAY_PINGS_PER_S = PROBE_PINGS_PER_S

LATE_TIMER_MS = 20.0
"""Lateness of timers in milliseconds; beyond, round trips measure this process."""


@dataclass(frozen=True)
class Plan:
    """Parameters of a run."""

    server: Server
    seconds: float | None
    """Of the load in total; None for the default."""
    download_only: bool
    computer_mbps: float
    """In each direction; after a warm-up, the maximum. The daemon caps it."""
    warm_up: bool
    share: bool


async def play(plan: Plan, tell: Callable[[Progress], None]) -> Played:
    """Play the household; call ``tell`` four times a second.

    Raise OSError or WebSocketException if a connection cannot be opened, and EndedEarlyError.
    """
    with ExitStack() as stack:
        async with HouseholdSessions(plan.server, tell) as household:
            run = _Run(household)
            await household.enter_probes()
            run.gateway = _ping_gateway(stack, household, plan.server)
            await run.idle()
            prepared = await prepare(
                household, plan.computer_mbps, warm_up=plan.warm_up, download_only=plan.download_only
            )
            load = load_of(plan.seconds, download_only=not prepared.takes_backups)
            await run.load(load, _wishes(plan.computer_mbps, prepared.warm_up))
            await household.watch("recovery", RECOVERY_S)
            stretches = run.measured()
            answer = await run.share(stretches, plan, prepared.warm_up) if plan.share else {}
            await household.end()
    return Played(
        started_at=run.started_at,
        stretches=stretches,
        warm_up=prepared.warm_up,
        takes_backups=prepared.takes_backups,
        server_tcp={
            member.who: member.server_tcp for member in household.members if member.server_tcp and not member.parallel
        },
        answer=answer,
        ended=tuple(run.gone),
    )


@dataclass(frozen=True)
class _Wishes:
    """What the Computer asks for, by profile."""

    connections: Mapping[str, int]
    queries: Mapping[str, str]
    """Of each connection's URL."""


@dataclass(frozen=True)
class _Stretch:
    """A stretch that was played. It is measured later, because answers may be late."""

    name: Stretch
    span: Span
    computer: list[HouseholdMember]
    """The Computer's sessions."""


class _Run:
    """Phases of a run, in the order of its methods. Times are of ``time.monotonic``."""

    def __init__(self, household: HouseholdSessions) -> None:
        self.gateway: GatewayPinger | Reason = "no_route"
        self.gone: list[Ended] = []
        self.started_at = time.time()
        self._household = household
        self._started = self._idle_until = time.monotonic()
        self._people: list[HouseholdMember] = []
        self._stretches: list[_Stretch] = []
        self._late: list[float] = []
        """Lateness of timers under load, in seconds."""

    async def idle(self) -> None:
        probes = self._household.probes
        asked_s = 2 * PROBES / PROBE_PINGS_PER_S
        await self._household.watch("idle", IDLE_S - asked_s)
        for probe in probes:
            probe.ask_kernel()
        await self._household.watch("idle", asked_s)
        self._idle_until = time.monotonic()
        if all(probe.ended for probe in probes):
            raise EndedEarlyError(probes[0].ended)

    async def load(self, load: Load, wishes: _Wishes) -> None:
        household = self._household
        self._people = await household.enter(PEOPLE, {})
        watching = household.run_beside(_watch_timers(self._late))
        for stretch in load.stretches:
            if self._stretches:
                await household.watch("load", SETTLE_S, self._people)
            if not await self._play(stretch, load.stretch_s, wishes):
                break
        watching.cancel()
        self._note_ended([*household.probes, *self._people])
        household.dismiss(self._people)

    def measured(self) -> tuple[PlayedStretch, ...]:
        circumstances = self._circumstances()
        return tuple(self._measured(stretch, circumstances) for stretch in self._stretches)

    async def share(self, stretches: Sequence[PlayedStretch], plan: Plan, warm_up: WarmUp | None) -> dict[str, Any]:
        """Return the server's answer to the report; empty without one."""
        over = time.monotonic()
        first, last = self._stretches[0].span, self._stretches[-1].span
        spans = {"idle": (self._started, self._idle_until), "load": (first.began, last.ended)}
        if plan.warm_up:
            spans["warm_up"] = (self._idle_until, first.began)
        spans["recovery"] = (last.ended, over)
        phases = {name: (began - self._started, ended - self._started) for name, (began, ended) in spans.items()}
        message = run_sharing.message(stretches, phases, warm_up, lambda most: self._points(over, most))
        return await self._household.probes[0].report(message, ANSWER_S)

    async def _play(self, stretch: Stretch, seconds: float, wishes: _Wishes) -> bool:
        """Return whether another stretch can be played."""
        household = self._household
        try:
            computer = await household.enter(COMPUTER_SESSIONS[stretch], wishes.queries)
            for profile in COMPUTER_SESSIONS[stretch]:
                more = wishes.connections[profile] - 1
                computer += await household.enter_parallel(profile, more, wishes.queries[profile])
        except (*OPEN_ERRORS, EndedEarlyError) as error:
            if not self._stretches:
                raise
            self.gone.append(Ended("computer", describe_failure(error), "", ""))
            return False
        members = [*self._people, *computer]
        began = time.monotonic()
        await household.watch("load", seconds, members, stretch)
        self._stretches.append(_Stretch(stretch, Span(began, time.monotonic()), computer))
        self._note_ended(computer)
        household.dismiss(computer)
        return not all(member.ended for member in (*household.probes, *members))

    def _note_ended(self, members: Iterable[HouseholdMember]) -> None:
        self.gone += [
            Ended(member.who, member.ended, member.close_reason, member.close_detail)
            for member in members
            if member.ended
        ]

    def _circumstances(self) -> Circumstances:
        household = self._household
        loaded = [*household.probes, *self._people, *(each for stretch in self._stretches for each in stretch.computer)]
        clock_s = time.time() - self.started_at - (time.monotonic() - self._started)
        return Circumstances(
            clock_jump_ms=abs(clock_s) * 1e3,
            client_overloaded=_p95(self._late) > LATE_TIMER_MS / 1e3,
            server_overloaded=any(member.server_overloaded for member in loaded),
            # Also in the warm-up, because the rate to ask for would be too low.
            server_limited=any(member.server_limited for member in household.members),
            connection_lost=bool(self.gone),
        )

    def _measured(self, stretch: _Stretch, circumstances: Circumstances) -> PlayedStretch:
        span = stretch.span
        facts = RunFacts(
            probe=probe_facts(self._household.probes, self._idle_until, span),
            people=(
                *(person_facts(member, span) for member in self._people),
                computer_facts(stretch.computer, span),
            ),
            load_s=span.seconds,
            circumstances=circumstances,
        )
        return PlayedStretch(
            stretch=stretch.name,
            facts=facts,
            gateway=self._pinged(span),
            from_s=span.began - self._started,
            until_s=span.ended - self._started,
        )

    def _pinged(self, span: Span) -> GatewayFacts:
        if isinstance(self.gateway, str):
            return GatewayFacts(obstacle=self.gateway)
        return self.gateway.facts(self._idle_until, span.began, span.ended)

    def _points(self, over: float, most: int) -> list[run_sharing.Point]:
        probes, members = self._household.probes, self._household.members
        return run_sharing.points(
            self._started,
            over,
            ((probe.pings[each], seconds) for probe in probes for each, seconds in probe.round_trips.items()),
            (portion for member in members for portion in member.arrivals),
            (portion for member in members for portion in member.sent),
            most,
        )


def _wishes(most_mbps: float, warm_up: WarmUp | None) -> _Wishes:
    computer_mbps = warm_up.computer_mbps if warm_up else most_mbps
    backup_mbps = warm_up.backup_mbps if warm_up and warm_up.backup_mbps else most_mbps
    connections = {
        "computer": warm_up.connections if warm_up else 1,
        BACKUP: warm_up.upload_connections if warm_up else 1,
    }
    shares = {"computer": computer_mbps / connections["computer"], BACKUP: backup_mbps / connections[BACKUP]}
    return _Wishes(connections, {profile: f"&throughput={share:.6g}" for profile, share in shares.items()})


def _ping_gateway(stack: ExitStack, household: HouseholdSessions, server: Server) -> GatewayPinger | Reason:
    """Ping the gateway of a probe's connection; return the pinger, or why there is none."""
    if server.proxy is not None:
        return "proxy"
    connection = household.probes[0].connection
    try:
        pinger = GatewayPinger(find_gateway(connection.remote_address[0], connection.local_address[0]))
    except NoGatewayError as error:
        return error.reason
    stack.callback(pinger.close)
    # Between two pings of the probes.
    household.run_beside(pinger.ping(GATEWAY_PINGS_PER_S, turn=0.5))
    return pinger


async def _watch_timers(late: list[float]) -> None:
    """Record the lateness of timers in seconds."""
    while True:
        at = time.monotonic() + 0.05
        await asyncio.sleep(0.05)
        late.append(time.monotonic() - at)


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0
