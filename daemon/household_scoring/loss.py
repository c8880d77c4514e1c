"""Loss that is the line's own, not a queue's.

A full queue drops packets too, and so does a queue that signals congestion; then the queue is the finding. So a line
counts as lossy only if its queues are empty most of the time. The server's count of retransmissions is no evidence: of
a download they are mostly drops in the queue that it fills itself, which behind fair queues no ping meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from household_scoring.grade import BOUNDS
from household_scoring.latency import increase
from household_scoring.report import RunReport

MIN_LOST = 3
"""Lost pings that name a loss: one or two of some 600 are also lost where a download first fills a long line."""
MIN_LOSS_SHARE = 0.002
MAX_QUEUE_MS = BOUNDS[0][0]
"""Increase of the median below which queues are empty most of the time: the grade A+ begins there."""


class LoadedPings(msgspec.Struct, frozen=True, rename="camel"):
    """The probe's pings in a stretch of the load."""

    judged: int
    """Pings neither lost nor held behind a lost one."""
    loss_share: float | None
    """None without pings."""
    increase_p50_ms: float | None
    """Increase of the median; None without round trips, idle or under load."""


def line_loss(stretches: Sequence[LoadedPings]) -> float | None:
    """Return the share that the line itself loses, over all stretches; None if none is known, or a queue is in play."""
    if any(each.increase_p50_ms is None or each.increase_p50_ms >= MAX_QUEUE_MS for each in stretches):
        return None
    judged = sum(each.judged for each in stretches)
    lost = round(sum(_lost(each) for each in stretches))
    if lost < MIN_LOST or lost < MIN_LOSS_SHARE * (lost + judged):
        return None
    return lost / (lost + judged)


def line_loss_of(reports: Iterable[RunReport]) -> float | None:
    """Return the same of the reports of a run's stretches."""
    return line_loss([_pings(each) for each in reports])


def _pings(report: RunReport) -> LoadedPings:
    base_ms, loaded_ms = report.baseline_ms, report.latency.p50_ms
    added_ms = None if base_ms is None or loaded_ms is None else increase(base_ms, loaded_ms)
    return LoadedPings(report.latency.count, report.loss_share, added_ms)


def _lost(pings: LoadedPings) -> float:
    share = pings.loss_share or 0.0
    return pings.judged * share / (1 - share) if share < 1 else 0.0
