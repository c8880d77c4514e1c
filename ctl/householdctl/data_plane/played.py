"""A finished run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from household_scoring.directions import Stretch, graded_increase, worst
from household_scoring.report import RunReport, report
from household_scoring.requirements import shipped

if TYPE_CHECKING:
    from household_scoring.measurements import RunFacts
    from householdctl.data_plane.gateway import GatewayFacts
    from householdctl.data_plane.warm_up import WarmUp


@dataclass(frozen=True)
class Ended:
    """Session that ended during the load."""

    who: str
    words: str
    reason: str
    """``reason`` of ``session_complete``."""
    detail: str
    """``detail`` of ``session_complete``."""


@dataclass(frozen=True)
class PlayedStretch:
    """A stretch of a finished run."""

    stretch: Stretch
    facts: RunFacts
    gateway: GatewayFacts
    from_s: float
    """Seconds since the run began."""
    until_s: float

    @cached_property
    def report(self) -> RunReport:
        return report(self.facts, shipped())

    @property
    def valid(self) -> bool:
        return self.report.valid

    @property
    def increase_ms(self) -> float | None:
        return graded_increase(self.report)

    @property
    def download_bps(self) -> float:
        """Payload of all people together."""
        return sum(person.download.got_bps for person in self.facts.people)

    @property
    def upload_bps(self) -> float:
        return sum(person.upload.got_bps for person in self.facts.people)


@dataclass(frozen=True)
class Played:
    """A finished run."""

    started_at: float
    """Unix time in seconds."""
    stretches: tuple[PlayedStretch, ...]
    """At least one, in order of time."""
    warm_up: WarmUp | None
    """None if nothing arrived."""
    takes_backups: bool
    """Whether the server knows the Computer's upload; false if it was not asked."""
    server_tcp: dict[str, dict[str, Any]]
    """Final TCP figures of the server's kernel, by member."""
    answer: dict[str, Any]
    ended: tuple[Ended, ...]

    @property
    def worst(self) -> PlayedStretch:
        return worst(self.stretches)
