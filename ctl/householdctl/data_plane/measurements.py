"""Measurements of a household, in the form of the scoring."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from household_scoring.attribution import is_receiver_limited
from household_scoring.measurements import Direction, PersonFacts, Probe
from household_scoring.retransmissions import ProbePing, tell_fates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from householdctl.data_plane.member import HouseholdMember


WARM_UP_S = 3.0
RAMP_S = 1.0
"""Seconds of the warm-up to leave out, in which TCP finds its rate."""
SETTLE_S = 1.0
"""Seconds for the line to empty its queue."""
HEADROOM = 1.5
"""Factor of the line's rate to ask for: less would fill no queue."""


@dataclass(frozen=True)
class WarmUp:
    """Payload rates with only the Computer on the line."""

    line_bps: float | None
    """None if the device limited the rate."""
    computer_mbps: float
    """Rate to ask for."""


def probe_facts(probes: Sequence[HouseholdMember], idle_until: float, began: float, ended: float) -> Probe:
    """Join all probes. Times are of ``time.monotonic``."""
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
        kernel_idle_ms=min((tuple(probe.kernel_ms) for probe in probes if probe.kernel_ms), key=median, default=()),
    )


def person_facts(member: HouseholdMember, received: int, began: float, ended: float) -> PersonFacts:
    """``received`` is in bytes, until the end."""
    seconds = ended - began
    return PersonFacts(
        who=member.who,
        activity=member.activity,
        round_trips_ms=_round_trips(member, began, ended),
        pings_sent=_sent(member, began, ended),
        download=Direction(member.wanted_download_bps, received * 8 / seconds),
        upload=Direction(member.wanted_upload_bps, member.upload_bps),
        kernel_ms=tuple(member.kernel_ms),
        receiver_limited=receiver_limited(member),
        retransmits=(member.server_tcp or {}).get("retransmits"),
        client_limited=member.client_limited,
        arrivals=tuple((max(at - began, 0.0), count) for at, count in member.arrivals if at <= ended),
    )


def receiver_limited(member: HouseholdMember) -> float | None:
    """Return the share of the time in which the member's receive window was shut; None if unknown."""
    share: float | None = (member.server_tcp or {}).get("receiver_limited")
    return share


def is_device_limited(member: HouseholdMember) -> bool:
    """Return whether this device, and not the line, limited the member's rate."""
    return member.client_limited or is_receiver_limited(receiver_limited(member))


def warm_up_of(
    arrivals: Sequence[tuple[float, int]], began: float, most_mbps: float, *, device_limited: bool = False
) -> WarmUp | None:
    """``arrivals`` are seconds and bytes; ``most_mbps`` limits the Computer."""
    count = sum(count for at, count in arrivals if began + RAMP_S < at <= began + WARM_UP_S)
    if count == 0:
        return None
    bps = count * 8 / (WARM_UP_S - RAMP_S)
    return WarmUp(None if device_limited else bps, min(max(1, round(HEADROOM * bps / 1e6)), most_mbps))


def _round_trips(member: HouseholdMember, began: float, ended: float) -> tuple[float, ...]:
    return tuple(
        member.round_trips[sequence] * 1e3
        for sequence, sent in member.pings.items()
        if began <= sent < ended and sequence in member.round_trips
    )


def _sent(member: HouseholdMember, began: float, ended: float) -> int:
    return sum(began <= sent < ended for sent in member.pings.values())
