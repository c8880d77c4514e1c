"""Prints data on stdout; everything else goes to stderr."""

from __future__ import annotations

import csv
import json
import re
import sys
from typing import TYPE_CHECKING, Any, Protocol

from householdctl.output.formats import Format
from householdctl.output.serialize import columns, flat, plain
from householdctl.output.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.message import Message

    from householdctl.output.formats import OutputOptions


_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Beginnings of formulas in spreadsheets, with full-width forms."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class OutputView(Protocol):
    """A Table, Facts or Sections."""

    def print(self, *, wide: bool, headers: bool) -> None:
        """Print to stdout."""


def show(
    options: OutputOptions,
    document: object,
    view: OutputView,
    *,
    lines: Iterable[Any] | None = None,
    row: type[Message] | None = None,
) -> None:
    """Print an answer in the selected format.

    ``document`` is the output of ``-o json``; ``lines`` are the items of its list, for ``-o jsonl`` and ``-o csv``;
    ``row`` is their type, for the CSV header of an empty list.
    """
    style = options.output
    if options.for_people:
        view.print(wide=style is Format.WIDE, headers=options.headers)
    elif style is Format.JSON:
        print_json(document)
    elif style is Format.JSONL:
        for line in (document,) if lines is None else lines:
            print_json_line(line)
    else:
        print_csv([document] if lines is None else lines, row=row, headers=options.headers)


def print_json(document: object) -> None:
    print(json.dumps(plain(document), indent=2))


def print_json_line(document: object) -> None:
    """Print a line, and flush."""
    print(json.dumps(plain(document)), flush=True)


def print_csv(records: Iterable[Any], *, row: type[Message] | None = None, headers: bool = True) -> None:
    """Print CSV below the names of the first record, or of ``row``.

    Control characters are escaped; a quote precedes formulas.
    """
    writer = csv.writer(sys.stdout, lineterminator="\n")
    names: Sequence[str] | None = None
    for record in records:
        cells = flat(record)
        if names is None:
            names = list(cells)
            if headers:
                writer.writerow(names)
        writer.writerow([_cell(cells.get(name, "")) for name in names])
        # The next record may take long.
        sys.stdout.flush()
    if names is None and row is not None and headers:
        writer.writerow(columns(row))


def _cell(text: str) -> str:
    # User agents, ids and reasons come from clients. Signed numbers are left as they are.
    return printable(f"'{text}" if text.startswith(_FORMULA_BEGINS) and not _NUMBER.fullmatch(text) else text)


def print_line(text: str) -> None:
    """Print a line for people, and flush."""
    print(printable(text), flush=True)
