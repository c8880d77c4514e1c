"""A run as the server judges it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from household.v1.session_pb2 import Session
from household_scoring.attribution import Attribution
from household_scoring.directions import Stretch, hurting, worst
from household_scoring.grade import Grade
from householdd.measure.run_report import ClientRunReport
from householdd.supervisor.history.attribution import attribute_run, counts, grade_of


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


def judge(report: ClientRunReport, kernel_idle_ms: float | None, sessions: Collection[Session]) -> JudgedRun:
    """Judge a run that a client reports; ``sessions`` are its ended ones, from all workers."""
    parts = [report.only(each) for each in report.stretches] or [report]
    return JudgedRun(
        report, tuple(JudgedStretch(figures, attribute_run(figures, kernel_idle_ms, sessions)) for figures in parts)
    )
