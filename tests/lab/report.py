"""Writes the lab's results into a document: ``python -m tests.lab.report RESULTS DOCUMENT COMMAND``.

The tables go between two marker comments, which name the make target of COMMAND; the rest of the document stays as it
is.
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from tests.lab.results import Figure, Row, show, wanted


def main(results: Path, document: Path, command: str) -> None:
    """Puts the tables in. Raises SystemExit where the document has no markers."""
    text = document.read_text()
    name = command.rsplit(maxsplit=1)[-1]
    begin, end = f"<!-- {name}: begin; written by `{command}` -->", f"<!-- {name}: end -->"
    if begin not in text or end not in text:
        raise SystemExit(f"{document}: needs the lines {begin} and {end}")
    rows = [msgspec.json.decode(line, type=Row) for line in results.read_bytes().splitlines()]
    written = "\n".join([begin, "", *_page(rows, command), end])
    document.write_text(text[: text.index(begin)] + written + text[text.index(end) + len(end) :])


def _page(rows: list[Row], command: str) -> Iterator[str]:
    red = [row for row in rows if not _green(row)]
    yield (
        f"Measured on {dt.datetime.now(dt.UTC):%Y-%m-%d} by `{command}`: {_machine()}. "
        f"{len(rows)} rows, {len(red)} red; a figure beyond its bound is bold."
    )
    yield ""
    scenarios = dict.fromkeys(row.scenario for row in rows)
    # What this is about comes first, the comparison beside it; the rest in the order of the tests.
    for scenario in sorted(scenarios, key=lambda scenario: not scenario.startswith("silent cut")):
        yield from _table(scenario, [row for row in rows if row.scenario == scenario])


def _table(scenario: str, rows: list[Row]) -> Iterator[str]:
    names = [figure.name for figure in rows[0].figures]
    judged = any(figure.why for row in rows for figure in row.figures)
    yield f"### {scenario[0].upper()}{scenario[1:]}"
    yield ""
    yield _line(["", *names, *(["result"] if judged else [])])
    yield _line(["---"] * (len(names) + 1 + judged))
    bounds = [_bounds([row.figures[index] for row in rows]) for index in range(len(names))]
    if judged:
        yield _line(["*wanted*", *bounds, ""])
    for row in rows:
        cells = [show(figure.value) if figure.holds else f"**{show(figure.value)}**" for figure in row.figures]
        yield _line([row.client, *cells, *(["green" if _green(row) else "**red**"] if judged else [])])
    yield ""


def _bounds(figures: list[Figure]) -> str:
    """What a column is held to; row by row where the bounds differ."""
    return " / ".join(dict.fromkeys(wanted(figure) for figure in figures if figure.why))


def _green(row: Row) -> bool:
    return all(figure.holds for figure in row.figures)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _machine() -> str:
    model = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    cores = len(os.sched_getaffinity(0))
    congestion = Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return (
        f"{cores} cores of {model[1] if model else platform.machine()}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, the kernel's congestion control {congestion}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
