"""Answer to a question: rows of figures, one value per round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Measured = Mapping[str, float]
"""One round of one subject: figures by name with unit, such as ``CPU s/GB``."""


@dataclass(frozen=True)
class Options:
    """Extent of the measurements."""

    rounds: int
    seconds: float
    """Duration of one measurement, without warm-up."""


@dataclass
class Row:
    """One subject of a table, such as ``householdd`` or ``blocking sendall``."""

    name: str
    rounds: list[Measured] = field(default_factory=list)

    def values(self, figure: str) -> list[float]:
        """Return the values of all rounds."""
        return [each[figure] for each in self.rounds]


@dataclass(frozen=True)
class Plot:
    """Plot of a table."""

    figure: str
    """Figure shown: as a bar for each row, or over ``over`` as a line for each series."""
    over: str | None = None
    """Figure of the horizontal axis; a row's name up to its first comma names its series."""


@dataclass(frozen=True)
class Table:
    """Subjects measured in the same rounds."""

    name: str
    rows: Sequence[Row]
    compared: str
    """Figure that is divided by the base's."""
    base: str
    """Row of the base: a limit or a peer."""
    aims: Mapping[str, str] = field(default_factory=dict)
    """Goal of a row's ratio, as text, by the row's name."""

    def ratios(self, row: Row) -> list[float]:
        """Return the ratios to the base of the same round, so that a slow moment of the machine affects both."""
        base = next(each for each in self.rows if each.name == self.base)
        return [
            mine / theirs for mine, theirs in zip(row.values(self.compared), base.values(self.compared), strict=True)
        ]


@dataclass(frozen=True)
class Answer:
    """Tables that answer a question."""

    title: str
    how: str
    """Method, in one paragraph."""
    tables: Sequence[Table]
    plot: Plot


Question = Callable[[Options], Answer]


def interleaved(subjects: Mapping[str, Callable[[], Measured]], rounds: int) -> list[Row]:
    """Measure every subject once per round, in alternating order."""
    rows = {name: Row(name) for name in subjects}
    for index in range(rounds):
        for name in list(subjects)[:: -1 if index % 2 else 1]:
            rows[name].rounds.append(subjects[name]())
    return list(rows.values())


def spread(values: Sequence[float]) -> str:
    """Return the median, and the range if there are several values."""
    least, most = show(min(values)), show(max(values))
    return show(median(values)) if least == most else f"{show(median(values))} ({least} to {most})"


def show(value: float) -> str:
    """Return three significant digits."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
