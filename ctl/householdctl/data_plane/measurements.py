"""Measurements of a household, in the form of the scoring."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from household_scoring.attribution import is_receiver_limited
from household_scoring.measurements import Direction, PersonFacts, Probe
from household_scoring.playout import Arrival, play
from household_scoring.requirements import shipped
from household_scoring.retransmissions import ProbePing, tell_fates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from householdctl.data_plane.member import HouseholdMember

CYCLE_S = 5.0
"""Longest period of people's traffic in seconds: Jake's burst and pause."""


@dataclass(frozen=True)
class Span:
    """Part of a run, by ``time.monotonic``."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def __contains__(self, at: float) -> bool:
        return self.began <= at < self.ended

    @property
    def whole_cycles(self) -> Span:
        """The end of the span that has whole bursts and pauses only; all of a shorter one."""
        cycles_s = self.seconds // CYCLE_S * CYCLE_S
        return Span(self.ended - cycles_s, self.ended) if cycles_s else self


def probe_facts(probes: Sequence[HouseholdMember], idle_until: float, loaded: Span) -> Probe:
    """Join all probes. Times are of ``time.monotonic``."""
    fates = tell_fates(
        [
            [ProbePing(probe.pings[each] * 1e3, seconds * 1e3) for each, seconds in probe.round_trips.items()]
            for probe in probes
        ]
    )

    idle = [ping for ping in fates.line if ping.sent_ms + ping.round_trip_ms <= idle_until * 1e3]

    def under_load(pings: tuple[ProbePing, ...]) -> tuple[float, ...]:
        return tuple(ping.round_trip_ms for ping in pings if ping.sent_ms / 1e3 in loaded)

    kernel_ms = [tuple(ms for _, ms in probe.kernel_ms) for probe in probes if probe.kernel_ms]
    return Probe(
        idle_ms=tuple(ping.round_trip_ms for ping in idle),
        loaded_ms=under_load(fates.line),
        loaded_sent=sum(_sent(probe, loaded) for probe in probes),
        repaired_ms=under_load(fates.repaired),
        held_ms=under_load(fates.held),
        kernel_idle_ms=min(kernel_ms, key=median, default=()),
    )


def person_facts(member: HouseholdMember, span: Span) -> PersonFacts:
    return PersonFacts(
        who=member.who,
        activity=member.activity,
        round_trips_ms=_round_trips(member, span),
        pings_sent=_sent(member, span),
        download=Direction(member.wanted_download_bps, download_bps(member, span.whole_cycles)),
        upload=Direction(member.wanted_upload_bps, upload_bps(member, span.whole_cycles)),
        kernel_ms=tuple(ms for at, ms in member.kernel_ms if at in span),
        receiver_limited=receiver_limited(member),
        retransmits=(member.server_tcp or {}).get("retransmits"),
        client_limited=member.client_limited,
        arrivals=_film(member, span),
    )


def computer_facts(sessions: Sequence[HouseholdMember], span: Span) -> PersonFacts:
    """Join the sessions of the Computer: rates and retransmits are sums; delays are those of its first session."""
    each = [person_facts(session, span) for session in sessions]
    return msgspec.structs.replace(
        each[0],
        who="computer",
        download=_sum([facts.download for facts in each]),
        upload=_sum([facts.upload for facts in each]),
        receiver_limited=max((share for facts in each if (share := facts.receiver_limited) is not None), default=None),
        retransmits=_sum_of_known([facts.retransmits for facts in each]),
        client_limited=any(facts.client_limited for facts in each),
    )


def download_bps(member: HouseholdMember, span: Span) -> float:
    return sum(count for at, count in member.arrivals if at in span) * 8 / span.seconds


def upload_bps(member: HouseholdMember, span: Span) -> float:
    """Return the mean rate between the server's first and last total within the span; 0 below two."""
    totals = [total for total in member.uploads if total[0] in span]
    if not totals or totals[-1][0] <= totals[0][0]:
        return 0.0
    (began, before), (ended, after) = totals[0], totals[-1]
    return (after - before) * 8 / (ended - began)


def receiver_limited(member: HouseholdMember) -> float | None:
    """Return the share of the time in which the member's receive window was shut; None if unknown."""
    share: float | None = (member.server_tcp or {}).get("receiver_limited")
    return share


def is_device_limited(member: HouseholdMember) -> bool:
    """Return whether this device, and not the line, limited the member's rate."""
    return member.client_limited or is_receiver_limited(receiver_limited(member))


def _film(member: HouseholdMember, span: Span) -> tuple[Arrival, ...]:
    """Return arrivals in seconds of the span.

    A film goes on from one stretch to the next, so what its player has buffered when the span begins arrives first.
    """
    arrivals = [(at - span.began, count) for at, count in member.arrivals if at in span]
    buffered = _buffered_bytes(member, span.began)
    return ((0.0, buffered), *arrivals) if buffered > 0 else (*arrivals,)


def _buffered_bytes(member: HouseholdMember, until: float) -> int:
    """Return the bytes that a player has not played; 0 for an activity without one."""
    player = shipped().of(member.activity, f"activity of {member.who}").player
    if player is None or member.wanted_download_bps == 0:
        return 0
    arrivals = [(at - member.opened_at, count) for at, count in member.arrivals if at < until]
    video_bps = player.renditions[0].share * member.wanted_download_bps
    until_s = until - member.opened_at
    played = play(
        arrivals, video_bps=video_bps, start_s=player.start_s, resume_s=player.resume_s, until_s=until_s
    ).played_s
    return sum(count for _, count in arrivals) - int(played * video_bps / 8)


def _sum(directions: Sequence[Direction]) -> Direction:
    return Direction(sum(each.wanted_bps for each in directions), sum(each.got_bps for each in directions))


def _sum_of_known(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _round_trips(member: HouseholdMember, span: Span) -> tuple[float, ...]:
    return tuple(
        member.round_trips[sequence] * 1e3
        for sequence, sent in member.pings.items()
        if sent in span and sequence in member.round_trips
    )


def _sent(member: HouseholdMember, span: Span) -> int:
    return sum(sent in span for sent in member.pings.values())
