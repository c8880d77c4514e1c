"""Data on stdout, as tables for people or JSON for scripts; everything else on stderr."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from householdctl.options import Format
from householdctl.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from google.protobuf.internal.enum_type_wrapper import _EnumTypeWrapper
    from google.protobuf.message import Message

# Two spaces between the columns of a table.
_GAP = 2

_STYLES = {
    "ACTIVE": "green",
    "SERVING": "green",
    "READY": "green",
    "QUIET": "yellow",
    "STARTING": "yellow",
    "DRAINING": "yellow",
    "BACKOFF": "red",
    "UNRESPONSIVE": "red",
    "STOPPING": "red",
    "NOT_SERVING": "red",
}


@dataclass(frozen=True)
class Column:
    """A column of a table. On a terminal that is too narrow the columns of the highest ``rank`` go first, 0 never."""

    header: str
    right: bool = False
    rank: int = 0


def to_dict(message: Message) -> dict[str, Any]:
    """A message as its JSON form: field names as in the .proto, zero values shown, 64-bit integers as strings."""
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def show(style: Format, message: Message, *, table: Callable[[], None], lines: Iterable[Message] | None = None) -> None:
    """Prints an answer in the style asked for; ``lines`` are the objects of JSON lines where it holds a list."""
    if style is Format.TABLE:
        table()
    elif style is Format.JSON:
        print_json(to_dict(message))
    else:
        for line in (message,) if lines is None else lines:
            print_json_line(to_dict(line))


def print_json(document: object) -> None:
    """One document on several lines."""
    print(json.dumps(document, indent=2))


def print_json_line(document: object) -> None:
    """One document on one line, written out at once."""
    print(json.dumps(document), flush=True)


def note(text: str) -> None:
    """A line on stderr that is not part of the data."""
    print(printable(text), file=sys.stderr)


def warn(text: str) -> None:
    """A line on stderr about what the data does not show."""
    note(f"warning: {text}")


def short_name(enum: _EnumTypeWrapper[Any], number: int) -> str:
    """The name of an enum's value without the enum's own: ``QUIET``; a value of a newer daemon is its number."""
    prefix = enum.Name(0).removesuffix("UNSPECIFIED")
    return enum.Name(number).removeprefix(prefix) if number in enum.values() else str(number)


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns. Nothing is cut: a narrow terminal gets fewer columns and a note which ones are left out."""
    header = [column.header for column in columns]
    cells = [header, *([printable(text) for text in row] for row in rows)]
    widths = [max(map(cell_len, texts)) for texts in zip(*cells, strict=True)]
    shown = list(range(len(columns)))
    if sys.stdout.isatty():
        shown = fitting(widths, [column.rank for column in columns], shutil.get_terminal_size().columns)
        if left_out := [text for index, text in enumerate(header) if index not in shown]:
            note(f"not shown, the terminal is too narrow: {', '.join(left_out)}")
    lines = []
    for row in cells:
        line = Text(style="bold" if row is header else "")
        for index in shown:
            fill = " " * (widths[index] - cell_len(row[index]))
            if columns[index].right:
                line.append(fill)
            line.append(row[index], _STYLES.get(row[index]))
            line.append(" " * _GAP if columns[index].right else fill + " " * _GAP)
        line.rstrip()
        lines.append(line)
    _print_lines(lines)


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Names and values, a line each."""
    width = max(len(name) for name, _ in facts)
    lines = []
    for name, value in facts:
        line = Text(f"{name:{width}}{' ' * _GAP}", style="")
        line.stylize("bold", 0, len(name))
        line.append(printable(value), _STYLES.get(value))
        lines.append(line)
    _print_lines(lines)


def print_line(text: str) -> None:
    """One line for people, written out at once."""
    print(printable(text), flush=True)


def fitting(widths: Sequence[int], ranks: Sequence[int], width: int) -> list[int]:
    """The indices of the columns that fit into ``width`` characters, the highest ranks given up first."""
    shown = list(range(len(widths)))
    while sum(widths[index] + _GAP for index in shown) - _GAP > width:
        dearest = max(shown, key=ranks.__getitem__)
        if ranks[dearest] == 0:
            break
        shown.remove(dearest)
    return shown


def _print_lines(lines: Sequence[Text]) -> None:
    # rich knows whether colours are wanted. Its own tables take a millisecond for each cell and wrap or cut what does
    # not fit; soft_wrap leaves long lines to the terminal.
    Console(highlight=False).print(*lines, sep="\n", soft_wrap=True)
