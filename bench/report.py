"""Writes answers as Markdown into docs/performance.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import machine
from bench.document import line, put
from bench.figures import Answer, Options, Row, Table, spread

DOCUMENT = Path("docs/performance.md")


def markdown(answer: Answer) -> str:
    """Return the method and the tables."""
    return "\n\n".join([answer.how, *("\n".join(_table(table)) for table in answer.tables)])


def write(name: str, answer: Answer, options: Options, command: str, image: Path) -> None:
    """Put an answer between its markers in the document, with the machine.

    Raise SystemExit if the document lacks the markers.
    """
    begin, end = f"<!-- bench {name}: begin; written by make bench -->", f"<!-- bench {name}: end -->"
    measured = (
        f"Measured on {machine.today()} by `{command}`, {options.rounds} rounds of {options.seconds:g} s: "
        f"{machine.description()}. Median, and least to most in brackets."
    )
    picture = f"![{answer.title}]({image.relative_to(DOCUMENT.parent)})"
    put(DOCUMENT, begin, end, [f"## {answer.title}", markdown(answer), picture, measured])


def _table(table: Table) -> Iterator[str]:
    figures = list(table.rows[0].rounds[0])
    yield line([table.name, *figures, f"{table.compared} to {table.base}", *(["aim"] if table.aims else [])])
    yield line(["---"] * (len(figures) + 2 + bool(table.aims)))
    for row in table.rows:
        cells = [spread(row.values(figure)) for figure in figures]
        yield line([row.name, *cells, _ratio(table, row), *([table.aims.get(row.name, "")] if table.aims else [])])


def _ratio(table: Table, row: Row) -> str:
    return "1" if row.name == table.base else spread(table.ratios(row))
