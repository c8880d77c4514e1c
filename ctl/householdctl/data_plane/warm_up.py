"""The warm-up: the Computer alone on the line, first downwards, then upwards."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.exceptions import InvalidStatus

from householdctl.data_plane.measurements import Span, download_bps, is_device_limited, upload_bps
from householdctl.data_plane.stretches import BACKUP

if TYPE_CHECKING:
    from householdctl.data_plane.household import HouseholdSessions
    from householdctl.data_plane.member import HouseholdMember

WARM_UP_S = 3.0
"""Of each direction."""
RAMP_S = 1.0
"""Seconds of the warm-up to leave out, in which TCP finds its rate."""
SETTLE_S = 1.0
"""Seconds for the line to empty its queue."""
HEADROOM = 1.5
"""Factor of the line's rate to ask for: less would fill no queue."""


@dataclass(frozen=True)
class WarmUp:
    """Payload rates with only the Computer on the line, and those to ask for."""

    line_bps: float | None
    """None if the device limited the rate."""
    computer_mbps: float
    upload_line_bps: float | None = None
    """None without a warm-up of uploads."""
    backup_mbps: float | None = None


@dataclass(frozen=True)
class Prepared:
    """What is known before the load."""

    warm_up: WarmUp | None
    """None if nothing arrived."""
    takes_backups: bool
    """Whether the server knows the Computer's upload."""


async def prepare(household: HouseholdSessions, most_mbps: float, *, warm_up: bool, download_only: bool) -> Prepared:
    """Measure the line, unless without ``warm_up``; ``most_mbps`` limits the Computer."""
    down_bps = up_bps = 0.0
    device_limited = False
    if warm_up:
        (computer,) = await household.enter(["computer"], {})
        down_bps = download_bps(computer, await _alone(household, computer))
        device_limited = is_device_limited(computer)
    backup = None if download_only else await _enter_backup(household)
    if backup is not None and warm_up:
        up_bps = upload_bps(backup, await _alone(household, backup))
    elif backup is not None:
        household.dismiss([backup])
    found = warm_up_of(down_bps, up_bps, most_mbps, device_limited=device_limited)
    return Prepared(found, takes_backups=backup is not None)


def warm_up_of(down_bps: float, up_bps: float, most_mbps: float, *, device_limited: bool = False) -> WarmUp | None:
    """``most_mbps`` limits the Computer; ``device_limited`` is whether the device limited the download."""
    if not down_bps:
        return None
    return WarmUp(
        line_bps=None if device_limited else down_bps,
        computer_mbps=_to_ask_for(down_bps, most_mbps),
        upload_line_bps=up_bps or None,
        backup_mbps=_to_ask_for(up_bps, most_mbps) if up_bps else None,
    )


def _to_ask_for(line_bps: float, most_mbps: float) -> float:
    return min(max(1, round(HEADROOM * line_bps / 1e6)), most_mbps)


async def _enter_backup(household: HouseholdSessions) -> HouseholdMember | None:
    """Return the session; None if the server does not know the profile."""
    try:
        (backup,) = await household.enter([BACKUP], {})
    except InvalidStatus as error:
        if error.response.status_code != HTTPStatus.NOT_FOUND:
            raise
        return None
    return backup


async def _alone(household: HouseholdSessions, member: HouseholdMember) -> Span:
    """Let a member load the line alone, and its queue drain; return the time in which the rate stood."""
    began = time.monotonic()
    await household.watch("warm_up", WARM_UP_S, [member])
    household.dismiss([member])
    await household.watch("warm_up", SETTLE_S)
    return Span(began + RAMP_S, began + WARM_UP_S)
