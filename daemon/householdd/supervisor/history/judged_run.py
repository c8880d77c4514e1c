"""A run as the server judges it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from household_scoring.attribution import Attribution, with_limit_of_upload
from household_scoring.directions import Stretch, hurting, worst
from household_scoring.grade import Grade
from householdd.measure.run_report import ClientRunReport
from householdd.supervisor.history.attribution import attribute_run, counts, grade_of
from householdd.supervisor.history.ended_session import EndedSession


@dataclass(frozen=True)
class JudgedStretch:
    """A stretch, or all of a run without stretches."""

    figures: ClientRunReport
    """What the client reports of this stretch alone."""
    attribution: Attribution

    @property
    def stretch(self) -> Stretch:
        return self.figures.stretches[0].stretch if self.figures.stretches else "download"

    @property
    def valid(self) -> bool:
        return counts(self.figures, self.attribution)

    @property
    def grade(self) -> Grade | None:
        return grade_of(self.figures, self.attribution)

    @property
    def increase_ms(self) -> float | None:
        by_kernel = self.attribution.witness == "kernel"
        return self.attribution.kernel_increase_p95_ms if by_kernel else self.figures.increase_p95_ms


@dataclass(frozen=True)
class JudgedRun:
    """A run with its parts, of which there is at least one."""

    report: ClientRunReport
    parts: tuple[JudgedStretch, ...]

    @property
    def worst(self) -> JudgedStretch:
        return worst(self.parts)

    @property
    def hurting(self) -> Stretch | None:
        return hurting(self.parts)


MARGIN_S = 0.5
"""Time left out at both ends of a stretch, in seconds: the begin of the run is known to a round trip, and the kernel's
smoothed round trips lag."""


def judge(
    report: ClientRunReport, kernel_idle_ms: float | None, ended: Collection[EndedSession], began_at: float
) -> JudgedRun:
    """Judge a run that a client reports.

    ``ended`` are its ended sessions, from all workers, and ``began_at`` is the Unix time of its begin.
    """
    if not report.stretches:
        sessions = [each.session for each in ended]
        return JudgedRun(report, (JudgedStretch(report, attribute_run(report, kernel_idle_ms, sessions)),))
    return JudgedRun(
        report, tuple(_judge_stretch(report.only(each), kernel_idle_ms, ended, began_at) for each in report.stretches)
    )


def _judge_stretch(
    figures: ClientRunReport, kernel_idle_ms: float | None, ended: Collection[EndedSession], began_at: float
) -> JudgedStretch:
    (stretch,) = figures.stretches
    from_at, until_at = began_at + stretch.from_s + MARGIN_S, began_at + stretch.until_s - MARGIN_S
    parts = (each.during(from_at, until_at) for each in ended)
    sessions = [part for part in parts if part is not None]
    found = attribute_run(figures, kernel_idle_ms, sessions)
    if stretch.stretch == "upload":
        found = with_limit_of_upload(found, grade_of(figures, found))
    return JudgedStretch(figures, found)
