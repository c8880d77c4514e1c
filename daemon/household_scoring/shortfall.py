"""People who do not get what they need although the load adds little delay.

The grade is that of the added delay alone. People also need a rate, a short way to the server, and a line that loses
little, so their scores may be low beside a good grade; a report says why, or the two would contradict each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from household_scoring.grade import Grade
from household_scoring.report import BULK_TRANSFER, RunReport, lacked_speed
from household_scoring.requirements import Band

GOOD_GRADES = (Grade.A_PLUS, Grade.A, Grade.B)
"""Grades whose words promise that people get on."""
GOOD_BANDS: tuple[Band, ...] = ("excellent", "good")
LONG_MS = 50.0
"""Round trip of the idle line in ms from which games and calls suffer: their ROP (requirements.json)."""

Lack = Literal["loss", "rate", "distance", "other"]
"""``loss``: the line itself loses packets, so TCP slows down and repeats. ``distance``: the line answers late even when
it is idle."""


class Judged(msgspec.Struct, frozen=True, rename="camel"):
    """A person's result."""

    who: str
    band: Band | None
    too_slow: bool
    """Whether the rate limited the score, or the player stopped for want of it."""


class Shortfall(msgspec.Struct, frozen=True):
    """What some people lack."""

    lack: Lack
    who: tuple[str, ...]


def shortfalls(
    grade: Grade | None, idle_ms: float | None, people: Sequence[Judged], *, lossy: bool
) -> tuple[Shortfall, ...]:
    """Return what people lack whose result is worse than a good grade promises.

    ``idle_ms`` is the idle round trip; ``lossy``, whether the line loses packets (:mod:`household_scoring.loss`).
    """
    if grade not in GOOD_GRADES:
        return ()
    is_long = idle_ms is not None and idle_ms >= LONG_MS
    found: dict[Lack, list[str]] = {"loss": [], "rate": [], "distance": [], "other": []}
    for person in people:
        if person.band is not None and person.band not in GOOD_BANDS:
            found[_lack(too_slow=person.too_slow, is_long=is_long, lossy=lossy)].append(person.who)
    return tuple(Shortfall(lack, tuple(who)) for lack, who in found.items() if who)


def _lack(*, too_slow: bool, is_long: bool, lossy: bool) -> Lack:
    if is_long and not too_slow:
        return "distance"
    if lossy:
        return "loss"
    return "rate" if too_slow else "other"


def shortfalls_of(report: RunReport, *, lossy: bool) -> tuple[Shortfall, ...]:
    """Return the shortfalls of a run; a bulk transfer has time, whatever the delay."""
    idle_ms = report.baseline_ms
    if report.attribution.witness == "kernel":
        idle_ms = report.attribution.kernel_baseline_ms
    people = [
        Judged(person.who, person.band, lacked_speed(person))
        for person in report.people
        if person.activity != BULK_TRANSFER
    ]
    return shortfalls(report.grade if report.valid else None, idle_ms, people, lossy=lossy)
