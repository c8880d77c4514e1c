"""What the members of a household saw, in the form that the scoring takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from household_scoring.measurements import Direction, PersonFacts, Probe
from household_scoring.retransmissions import ProbePing, tell_fates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from householdctl.data_plane.member import HouseholdMember


WARM_UP_S = 3.0
RAMP_S = 1.0
"""What the beginning of a TCP connection takes to find its rate, and is left out."""
SETTLE_S = 1.0
"""Time for the line to empty its queue before the household comes."""
HEADROOM = 1.5
"""The Computer has to want more than the line carries, else it fills no queue; this also makes up for a slow start."""


@dataclass(frozen=True)
class WarmUp:
    """What was found. Rates are payload."""

    line_bps: float
    """What arrived when only the Computer was on the line."""
    computer_mbps: float
    """What it asked for in the run because of that."""


def probe_facts(probes: Sequence[HouseholdMember], idle_until: float, began: float, ended: float) -> Probe:
    """All probes as one: idle until ``idle_until``, loaded from ``began`` to ``ended`` of ``time.monotonic``."""
    fates = tell_fates(
        [
            [ProbePing(probe.pings[each] * 1e3, seconds * 1e3) for each, seconds in probe.round_trips.items()]
            for probe in probes
        ]
    )

    idle = [ping for ping in fates.line if ping.sent_ms + ping.round_trip_ms <= idle_until * 1e3]

    def loaded(pings: tuple[ProbePing, ...]) -> tuple[float, ...]:
        return tuple(ping.round_trip_ms for ping in pings if began <= ping.sent_ms / 1e3 < ended)

    return Probe(
        idle_ms=tuple(ping.round_trip_ms for ping in idle),
        loaded_ms=loaded(fates.line),
        loaded_sent=sum(_sent(probe, began, ended) for probe in probes),
        repaired_ms=loaded(fates.repaired),
        held_ms=loaded(fates.held),
    )


def person_facts(member: HouseholdMember, received: int, began: float, ended: float) -> PersonFacts:
    """Somebody under load, who had received so many bytes by its end."""
    seconds = ended - began
    return PersonFacts(
        who=member.who,
        activity=member.activity,
        round_trips_ms=_round_trips(member, began, ended),
        pings_sent=_sent(member, began, ended),
        download=Direction(member.wanted_download_bps, received * 8 / seconds),
        upload=Direction(member.wanted_upload_bps, member.upload_bps),
        arrivals=tuple((max(at - began, 0.0), count) for at, count in member.arrivals if at <= ended),
    )


def warm_up_of(arrivals: Sequence[tuple[float, int]], began: float, most_mbps: float) -> WarmUp | None:
    """What ``arrivals`` (time in seconds, bytes) say of a warm-up that began then; None where nothing came.

    The Computer asks for ``most_mbps`` at most.
    """
    count = sum(count for at, count in arrivals if began + RAMP_S < at <= began + WARM_UP_S)
    if count == 0:
        return None
    line_bps = count * 8 / (WARM_UP_S - RAMP_S)
    return WarmUp(line_bps, min(max(1, round(HEADROOM * line_bps / 1e6)), most_mbps))


def _round_trips(member: HouseholdMember, began: float, ended: float) -> tuple[float, ...]:
    return tuple(
        member.round_trips[sequence] * 1e3
        for sequence, sent in member.pings.items()
        if began <= sent < ended and sequence in member.round_trips
    )


def _sent(member: HouseholdMember, began: float, ended: float) -> int:
    return sum(began <= sent < ended for sent in member.pings.values())
