"""The warm-up: the Computer alone on the line, first downwards, then upwards."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from websockets.exceptions import InvalidStatus

from householdctl.data_plane.line_rate import JOINING, LineRate, line_rate
from householdctl.data_plane.measurements import Span, download_bps, is_device_limited, upload_bps
from householdctl.data_plane.stretches import BACKUP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from householdctl.data_plane.household import HouseholdSessions
    from householdctl.data_plane.member import HouseholdMember

WARM_UP_S = 3.0
"""Of one connection, in each direction."""
MAX_WARM_UP_S = 5.0
"""Of a connection whose rate still rises."""
LONGER_S = 0.5
"""By which it is prolonged at a time."""
RISING = 1.25
"""Factor by which the second half of the time is faster than the first while a rate rises."""
COUNTED_S = 1.0
"""Of several connections, after the ramp."""
MAX_SINGLE_BPS = 300e6
"""Rate of one connection at which no others join: it fills any queue, and more would measure this device."""
RAMP_S = 1.0
"""Seconds to leave out, in which TCP finds its rate."""
RAMP_ROUND_TRIPS = 4.0
"""Those at least, where they take longer: slow start doubles the rate in each."""
MAX_RAMP_S = 2.4
"""With the longest warm-up and the time to settle, ten seconds for a direction."""
SETTLE_S = 1.0
"""Seconds for the line to empty its queue."""

Rate: TypeAlias = "Callable[[HouseholdMember, Span], float]"
"""Returns a member's rate within a span, in bit/s."""


@dataclass(frozen=True)
class WarmUp:
    """Payload rates with only the Computer on the line, and those to ask for."""

    line_bps: float | None
    """None if the device limited the rate."""
    computer_mbps: float
    """Of all connections together."""
    single_bps: float | None = None
    """Of one connection; None if the device limited it."""
    connections: int = 1
    """Of the Computer's download under load."""
    upload_line_bps: float | None = None
    """None without a warm-up of uploads."""
    backup_mbps: float | None = None
    upload_single_bps: float | None = None
    upload_connections: int = 1


@dataclass(frozen=True)
class Prepared:
    """What is known before the load."""

    warm_up: WarmUp | None
    """None if nothing arrived."""
    takes_backups: bool
    """Whether the server knows the Computer's upload."""


async def prepare(household: HouseholdSessions, most_mbps: float, *, warm_up: bool, download_only: bool) -> Prepared:
    """Measure the line, unless without ``warm_up``; ``most_mbps`` limits the Computer."""
    down = up = None
    device_limited = False
    if warm_up:
        (computer,) = await household.enter(["computer"], {})
        down = await _measure(household, computer, download_bps)
        device_limited = is_device_limited(computer)
    backup = None if download_only else await _enter_backup(household)
    if backup is not None and warm_up:
        up = await _measure(household, backup, upload_bps)
    elif backup is not None:
        household.dismiss([backup])
    found = warm_up_of(down, up, most_mbps, device_limited=device_limited)
    return Prepared(found, takes_backups=backup is not None)


def warm_up_of(
    down: LineRate | None, up: LineRate | None, most_mbps: float, *, device_limited: bool = False
) -> WarmUp | None:
    """``most_mbps`` limits the Computer; ``device_limited`` is whether the device limited the download."""
    if down is None:
        return None
    return WarmUp(
        line_bps=None if device_limited else down.line_bps,
        computer_mbps=_to_ask_for(down, most_mbps),
        single_bps=None if device_limited else down.single_bps,
        connections=down.connections,
        upload_line_bps=None if up is None else up.line_bps,
        backup_mbps=None if up is None else _to_ask_for(up, most_mbps),
        upload_single_bps=None if up is None else up.single_bps,
        upload_connections=1 if up is None else up.connections,
    )


def _to_ask_for(rate: LineRate, most_mbps: float) -> float:
    return min(max(1, round(rate.wanted_bps / 1e6)), most_mbps)


async def _enter_backup(household: HouseholdSessions) -> HouseholdMember | None:
    """Return the session; None if the server does not know the profile."""
    try:
        (backup,) = await household.enter([BACKUP], {})
    except InvalidStatus as error:
        if error.response.status_code != HTTPStatus.NOT_FOUND:
            raise
        return None
    return backup


async def _measure(household: HouseholdSessions, member: HouseholdMember, rate: Rate) -> LineRate | None:
    """Let a member load the line alone, then with others, and its queue drain; return None if nothing arrived."""
    began = time.monotonic()
    await household.watch("warm_up", WARM_UP_S, [member])
    while time.monotonic() < began + MAX_WARM_UP_S and _rises(member, rate, _latest(began)):
        await household.watch("warm_up", LONGER_S, [member])
    single_bps, together_bps = rate(member, _latest(began)), 0.0
    joined: list[HouseholdMember] = []
    if 0 < single_bps < MAX_SINGLE_BPS and not is_device_limited(member):
        joined = await household.enter_parallel(member.who, JOINING)
        counted_from = time.monotonic() + _ramp_s(household.probes)
        await household.watch("warm_up", counted_from + COUNTED_S - time.monotonic(), [member, *joined])
        together_bps = sum(rate(each, _since(counted_from)) for each in (member, *joined))
    household.dismiss([member, *joined])
    await household.watch("warm_up", SETTLE_S)
    return line_rate(single_bps, together_bps, len(joined)) if single_bps else None


def _latest(began: float) -> Span:
    """Return the time that counts: of a rate that rose, what came before is not the line's."""
    now = time.monotonic()
    return Span(max(began + RAMP_S, now - (WARM_UP_S - RAMP_S)), now)


def _since(began: float) -> Span:
    return Span(began, time.monotonic())


def _ramp_s(probes: Iterable[HouseholdMember]) -> float:
    """Return the time that connections need to find their rate, by the shortest round trip."""
    shortest_s = min((seconds for probe in probes for seconds in probe.round_trips.values()), default=0.0)
    return min(max(RAMP_S, RAMP_ROUND_TRIPS * shortest_s), MAX_RAMP_S)


def _rises(member: HouseholdMember, rate: Rate, counted: Span) -> bool:
    middle = (counted.began + counted.ended) / 2
    first, second = Span(counted.began, middle), Span(middle, counted.ended)
    return rate(member, second) > RISING * rate(member, first)
