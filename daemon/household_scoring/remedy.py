"""What customers can do about a result.

A queue in the line is avoided by a queue in the customer's router that sends a little slower and keeps itself short:
smart queue management (SQM). What the line itself loses only its provider, or a cable instead of Wi-Fi, can repair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from household_scoring.attribution import Cause
from household_scoring.directions import Stretch, StretchResult, hurting, worst
from household_scoring.grade import Grade
from household_scoring.loss import line_loss_of
from household_scoring.report import RunReport
from household_scoring.shortfall import shortfalls_of

SHAPED_SHARE = 0.9
"""Share of the measured rate to set as the limit, by OpenWrt's documentation
(openwrt.org/docs/guide-user/network/traffic-shaping/sqm). Payload is 1 to 6 % less than the line carries, so this is 85
to 89 % of that."""
STEP_KBPS = 10
"""Limits are whole multiples."""


class Remedy(msgspec.Struct, frozen=True, rename="camel"):
    """What to do."""

    action: Literal["shape", "tell_provider"]
    download_kbps: int | None = None
    """Limit to set; None if this direction needs none, or its rate is not known."""
    upload_kbps: int | None = None


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """What a run found."""

    grade: Grade | None
    """None if the run does not count."""
    cause: Cause
    """Of the delay."""
    hurting: Stretch | None
    """Direction that hurts; None if only downloads were measured."""
    download_bps: float | None
    """Rate of the line; None if it is not known."""
    upload_bps: float | None
    lossy: bool
    """Whether people suffer from packets that the line itself loses."""


class ScoredStretch(StretchResult, Protocol):
    """Stretch with its verdicts."""

    @property
    def report(self) -> RunReport: ...


def remedy(finding: Finding) -> Remedy | None:
    """Return what to do; None if there is nothing, or the line is not the cause."""
    if finding.grade is None or finding.cause not in {"line", "unknown"}:
        return None
    if finding.lossy:
        return Remedy("tell_provider")
    if finding.grade in {Grade.A_PLUS, Grade.A}:
        return None
    way = finding.hurting or "download"
    return Remedy(
        "shape",
        download_kbps=None if way == "upload" else _limit_kbps(finding.download_bps),
        upload_kbps=None if way == "download" else _limit_kbps(finding.upload_bps),
    )


def remedy_of(stretches: Sequence[ScoredStretch]) -> Remedy | None:
    """Return the same for a run."""
    report = worst(stretches).report
    lossy = line_loss_of(each.report for each in stretches) is not None
    found = Finding(
        grade=report.grade if report.valid else None,
        cause=report.attribution.cause,
        hurting=hurting(stretches),
        download_bps=_line_bps(stretches, "download"),
        upload_bps=_line_bps(stretches, "upload"),
        lossy=any(each.lack == "loss" for each in shortfalls_of(report, lossy=lossy)),
    )
    return remedy(found)


def openwrt_lines(limits: Remedy) -> tuple[str, ...]:
    """Return commands that set the limits on a router with OpenWrt and its package sqm-scripts; none without a limit.

    A limit of 0 leaves a direction as it is.
    """
    if limits.download_kbps is None and limits.upload_kbps is None:
        return ()
    options = {
        "enabled": "1",
        "interface": "\"$(ifstatus wan | jsonfilter -e '@.l3_device')\"",
        "download": str(limits.download_kbps or 0),
        "upload": str(limits.upload_kbps or 0),
        "qdisc": "cake",
        "script": "piece_of_cake.qos",
    }
    return (
        "uci set sqm.household=queue",
        *(f"uci set sqm.household.{option}={value}" for option, value in options.items()),
        "uci commit sqm",
        "/etc/init.d/sqm enable",
        "/etc/init.d/sqm restart",
    )


def _limit_kbps(bps: float | None) -> int | None:
    return None if bps is None else STEP_KBPS * int(SHAPED_SHARE * bps / (1000 * STEP_KBPS))


def _line_bps(stretches: Sequence[ScoredStretch], way: Literal["download", "upload"]) -> float | None:
    """Return everyone's payload rate while the Computer filled a direction; None if the line was not the limit."""
    filled = next((each.report for each in stretches if each.stretch == way), None)
    if filled is None or filled.attribution.rate != "line":
        return None
    return sum((person.download if way == "download" else person.upload).got_bps for person in filled.people)
