"""The lab's figures: compared with their bounds here, kept for docs/liveness.md where that is asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from tests.lab.bounds import Bound

FILE = "HOUSEHOLD_LAB_RESULTS"
"""Environment variable with the path of a file that results are appended to; without it they are not kept."""


class Figure(msgspec.Struct, frozen=True):
    """One measured value, or words."""

    name: str
    """With its unit: ``payload stops, s``."""
    value: float | str
    limit: float | None = None
    """The bound's; None for what is only shown."""
    least: bool = False
    why: str = ""
    holds: bool = True
    """Without the margin."""
    near: bool = True
    """With the margin."""


class Row(msgspec.Struct, frozen=True):
    """One client in one scenario."""

    scenario: str
    """Rows of one scenario make one table, so they have the same figures."""
    client: str
    figures: list[Figure]

    def __str__(self) -> str:
        shown = (f"{figure.name} {show(figure.value)}{'' if figure.holds else ' (!)'}" for figure in self.figures)
        return f"{self.scenario}: {self.client}: {'; '.join(shown)}"


def measured(name: str, value: float | str, bound: Bound | None = None) -> Figure:
    """A figure, and whether it keeps to its bound."""
    if bound is None:
        return Figure(name, value)
    if isinstance(value, str):
        # A measurement that came to nothing: not gone, not answered.
        return Figure(name, value, bound.limit, bound.least, bound.why, holds=False, near=False)
    return Figure(
        name,
        value,
        bound.limit,
        bound.least,
        bound.why,
        bound.holds(value, margin=False),
        bound.holds(value, margin=True),
    )


def expected(name: str, value: str, *allowed: str) -> Figure:
    """Words, and whether they are among those allowed."""
    good = value in allowed
    return Figure(name, value, why=" or ".join(allowed), holds=good, near=good)


def show(value: float | str) -> str:
    """A value for people: three digits are more than it is good for."""
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def conclude(*rows: Row) -> None:
    """Keeps the rows, then fails for the figures beyond their margins. Once for each test, when all is measured."""
    for row in rows:
        sys.stdout.write(f"{row}\n")
    if path := os.environ.get(FILE):
        with Path(path).open("ab") as file:
            file.writelines(msgspec.json.encode(row) + b"\n" for row in rows)
    wrong = [
        f"{row.client}: {figure.name} is {show(figure.value)}, wanted {wanted(figure)}"
        for row in rows
        for figure in row.figures
        if not figure.near
    ]
    if wrong:
        raise AssertionError("\n".join([f"{rows[0].scenario}:", *wrong]))


def wanted(figure: Figure) -> str:
    """The bound in words."""
    if figure.limit is not None:
        return f"{'at least' if figure.least else 'at most'} {show(figure.limit)}"
    return figure.why
