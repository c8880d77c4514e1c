"""Whether the load adds its delay at home or on the line, by pings of the gateway beside the run's.

A packet to the server passes the gateway, so the gateway's increase is the home network's share of the whole, and the
rest arises beyond it. A gateway may answer late because forwarding comes first, or not at all: late answers are held
against the home network only where the server's agree with them, and missing ones never.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from household_scoring.attribution import is_far_above
from household_scoring.grade import BOUNDS
from household_scoring.latency import LatencyFigures, baseline, increase, latency_figures
from household_scoring.report import RunReport
from household_scoring.statistics import loss_share
from household_scoring.validity import MIN_IDLE_SAMPLES, MIN_LOADED_SAMPLES

MIN_SHARE_MS = BOUNDS[0][0]
"""Increase that is attributed; below it the grade is A+."""
MAIN_SHARE = 2 / 3
"""Share of the increase that names one side alone. Two like delays in a row have a p95 of 1.6 (exponential ones) to 2
times that of one, so that half would name a side that adds no more than the other."""
MEDIAN_TOLERANCE_MS = 2.0
"""Difference of two medians by measurement alone (docs/measurement.md, the truth lab)."""
MIN_ANSWERED_SHARE = 0.5
"""Answered share under load, of that of the idle line, below which too many moments are unobserved."""

Place: TypeAlias = Literal["home", "line", "both", "unknown"]
Reason: TypeAlias = Literal[
    "same_machine",
    "local_network",
    "proxy",
    "no_route",
    "not_permitted",
    "run_invalid",
    "no_witness",
    "harmless",
    "silent",
    "too_few_answers",
    "slow_gateway",
    "unclear",
]
"""Why the place is unknown. The first five are those of runs in which no gateway was pinged."""


class GatewayPings(msgspec.Struct, frozen=True, rename="camel"):
    """Round trips to the gateway, at the cadence of the probe's pings."""

    idle_ms: tuple[float, ...]
    idle_sent: int
    loaded_ms: tuple[float, ...]
    """Pings under load; answers may arrive after it."""
    loaded_sent: int


class AddedDelay(msgspec.Struct, frozen=True, rename="camel"):
    """What the load adds on the whole way to the server."""

    valid: bool
    """Whether the run counts."""
    by_kernel: bool
    """Whether the server's kernel measured it too, whose round trips no program of the device prolongs."""
    p50_ms: float | None
    """Increase of the median; None without a witness that carries the grade."""
    p95_ms: float | None


class Location(msgspec.Struct, frozen=True, rename="camel"):
    """Where the delay arises. The figures are the gateway's."""

    place: Place
    reason: Reason | None
    """None if the place is known."""
    baseline_ms: float | None = None
    increase_p50_ms: float | None = None
    increase_p95_ms: float | None = None
    loss_share: float | None = None
    """Of the pings under load, which the gateway need not answer."""


def added_delay(report: RunReport) -> AddedDelay:
    """Return the lesser increases of the witnesses that can be trusted: what spoils one mostly makes it longer.

    The pings of a busy client are late by some milliseconds, which the gateway's, stamped by the kernel, are not.
    """
    attribution = report.attribution
    witnesses: list[tuple[LatencyFigures, float | None]] = []
    if attribution.witness == "application":
        witnesses.append((report.latency, report.baseline_ms))
    if attribution.witness is not None and attribution.kernel_baseline_ms is not None:
        witnesses.append((report.kernel, attribution.kernel_baseline_ms))
    medians = (
        increase(baseline_ms, figures.p50_ms)
        for figures, baseline_ms in witnesses
        if figures.p50_ms is not None and baseline_ms is not None
    )
    tails = (figures.increase_p95_ms for figures, _ in witnesses if figures.increase_p95_ms is not None)
    return AddedDelay(
        valid=report.valid,
        by_kernel=attribution.kernel_baseline_ms is not None,
        p50_ms=min(medians, default=None),
        p95_ms=min(tails, default=None),
    )


def locate(added: AddedDelay, gateway: GatewayPings) -> Location:
    """Raise ValueError for impossible figures."""
    baseline_ms = baseline(gateway.idle_ms)
    figures = latency_figures(gateway.loaded_ms, baseline_ms)
    p50_ms = None if figures.p50_ms is None or baseline_ms is None else increase(baseline_ms, figures.p50_ms)
    place, reason = _place(added, gateway, p50_ms, figures.increase_p95_ms)
    return Location(
        place=place,
        reason=reason,
        baseline_ms=baseline_ms,
        increase_p50_ms=p50_ms,
        increase_p95_ms=figures.increase_p95_ms,
        loss_share=loss_share(gateway.loaded_sent, len(gateway.loaded_ms)),
    )


def _place(
    added: AddedDelay, gateway: GatewayPings, home_p50_ms: float | None, home_ms: float | None
) -> tuple[Place, Reason | None]:
    reason: Reason | None = None
    if not added.valid:
        reason = "run_invalid"
    elif added.p50_ms is None or added.p95_ms is None:
        reason = "no_witness"
    elif added.p95_ms < MIN_SHARE_MS:
        reason = "harmless"
    elif not gateway.idle_ms and not gateway.loaded_ms:
        reason = "silent"
    elif home_p50_ms is None or home_ms is None or not _enough(gateway):
        reason = "too_few_answers"
    elif is_far_above(home_ms, added.p95_ms):
        # No packet to the server waits for less than its way to the gateway takes.
        reason = "slow_gateway"
    else:
        return _share((added.p50_ms, added.p95_ms), (home_p50_ms, home_ms), by_kernel=added.by_kernel)
    return "unknown", reason


def _share(whole: tuple[float, float], home: tuple[float, float], *, by_kernel: bool) -> tuple[Place, Reason | None]:
    """Both have the increase of the median and of the p95."""
    whole_p50_ms, whole_ms = whole
    home_p50_ms, home_ms = home
    line_ms = whole_ms - home_ms
    main_ms = max(MIN_SHARE_MS, MAIN_SHARE * whole_ms)
    if home_ms >= main_ms:
        # A queue at home delays all answers; a gateway that is busy delays some, and the median stays.
        late_at_times = home_p50_ms + MEDIAN_TOLERANCE_MS < MAIN_SHARE * whole_p50_ms
        return ("unknown", "slow_gateway") if late_at_times else ("home", None)
    if min(home_ms, line_ms) < MIN_SHARE_MS and line_ms < main_ms:
        return "unknown", "unclear"
    if not by_kernel:
        # What is not the home network's may be that of a program of this device.
        return "unknown", "no_witness"
    return ("line" if line_ms >= main_ms else "both"), None


def _enough(gateway: GatewayPings) -> bool:
    idle, loaded = len(gateway.idle_ms), len(gateway.loaded_ms)
    lost_idle = loss_share(gateway.idle_sent, idle)
    lost = loss_share(gateway.loaded_sent, loaded)
    return (
        idle >= MIN_IDLE_SAMPLES
        and loaded >= MIN_LOADED_SAMPLES
        and lost_idle is not None
        and lost is not None
        # A gateway that limits its answers does so on the idle line too.
        and 1 - lost >= MIN_ANSWERED_SHARE * (1 - lost_idle)
    )
