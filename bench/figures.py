"""What a question is answered with: rows of figures, one value a round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Measured = Mapping[str, float]
"""One round of one subject: a value for each figure, by its name with the unit, such as ``CPU s/GB``."""


@dataclass(frozen=True)
class Options:
    """How much to measure."""

    rounds: int
    seconds: float
    """Of one measurement, without its warm-up."""


@dataclass
class Row:
    """One subject of a table, such as ``householdd`` or ``blocking sendall``."""

    name: str
    rounds: list[Measured] = field(default_factory=list)

    def values(self, figure: str) -> list[float]:
        """Of all rounds."""
        return [each[figure] for each in self.rounds]


@dataclass(frozen=True)
class Plot:
    """How a table is drawn."""

    figure: str
    """What is shown: as a bar for each row, or over ``over`` as a line for each series."""
    over: str | None = None
    """A figure for the horizontal axis; the part of a row's name up to its first comma names its series."""


@dataclass(frozen=True)
class Table:
    """Subjects that were measured in the same rounds."""

    name: str
    rows: Sequence[Row]
    compared: str
    """The figure that becomes a ratio."""
    base: str
    """The row that the ratio is to: a limit or a peer."""
    aims: Mapping[str, str] = field(default_factory=dict)
    """What the ratio of a row is to be, in words, by the row's name."""

    def ratios(self, row: Row) -> list[float]:
        """To the base of the same round, so that what slows the machine for a while slows both."""
        base = next(each for each in self.rows if each.name == self.base)
        return [
            mine / theirs for mine, theirs in zip(row.values(self.compared), base.values(self.compared), strict=True)
        ]


@dataclass(frozen=True)
class Answer:
    """The answer to one question."""

    title: str
    how: str
    """What was done, in a paragraph."""
    tables: Sequence[Table]
    plot: Plot


Question = Callable[[Options], Answer]


def interleaved(subjects: Mapping[str, Callable[[], Measured]], rounds: int) -> list[Row]:
    """Measures every subject once a round, in turn; every other round backwards, so that none always comes first."""
    rows = {name: Row(name) for name in subjects}
    for index in range(rounds):
        for name in list(subjects)[:: -1 if index % 2 else 1]:
            rows[name].rounds.append(subjects[name]())
    return list(rows.values())


def spread(values: Sequence[float]) -> str:
    """The median, and the range where there is more than one value."""
    least, most = show(min(values)), show(max(values))
    return show(median(values)) if least == most else f"{show(median(values))} ({least} to {most})"


def show(value: float) -> str:
    """Three digits are more than a figure of one machine is good for."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
