"""Data on stdout, as tables for people or JSON and CSV for scripts; everything else goes to stderr."""

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
"""How cells begin that spreadsheets run, the wide forms of these characters included."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class OutputView(Protocol):
    """What people are shown: a Table or Facts."""

    def print(self, *, wide: bool, headers: bool) -> None:
        """Prints it to stdout."""


def show(
    options: OutputOptions,
    document: object,
    view: OutputView,
    *,
    lines: Iterable[Any] | None = None,
    row: type[Message] | None = None,
) -> None:
    """Prints an answer in the format asked for.

    ``document`` is a message, or a dictionary that may hold messages: the whole of ``-o json``. Where it holds a list,
    ``lines`` are the list's items, each a line of ``-o jsonl`` and a row of ``-o csv``; ``row`` is their kind, so that
    an empty list has its CSV header too. ``view`` is for people.
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
    """One document on several lines."""
    print(json.dumps(plain(document), indent=2))


def print_json_line(document: object) -> None:
    """One document on one line, written out at once."""
    print(json.dumps(plain(document)), flush=True)


def print_csv(records: Iterable[Any], *, row: type[Message] | None = None, headers: bool = True) -> None:
    """Rows of CSV below the names of the first record, or of ``row``.

    Control characters are spelled out, and what a spreadsheet would take for a formula gets a quote in front of it.
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
        # A record may be the last for a while, in a watch.
        sys.stdout.flush()
    if names is None and row is not None and headers:
        writer.writerow(columns(row))


def _cell(text: str) -> str:
    # User agents, ids and reasons come from clients; a number that begins with a sign stays one.
    return printable(f"'{text}" if text.startswith(_FORMULA_BEGINS) and not _NUMBER.fullmatch(text) else text)


def print_line(text: str) -> None:
    """One line for people, written out at once."""
    print(printable(text), flush=True)
