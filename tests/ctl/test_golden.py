"""What every command prints, in every format, letter by letter: a transcript for each in ``golden``.

``HOUSEHOLD_GOLDEN=write pytest tests/ctl/test_golden.py`` writes them; then read the difference.
"""

from __future__ import annotations

import os
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from householdctl.output.formats import Format
from tests.ctl.cli.test_command_tree import COMMANDS as TREE
from tests.ctl.commands.test_breakers import BREAKERS
from tests.ctl.commands.test_config import MORE
from tests.ctl.commands.test_sessions import watch_events
from tests.ctl.data_plane.given_runs import both_ways, show
from tests.ctl.fake_daemon import block, closed_session, counted, ended_session, run_both_ways, session, stored_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ctl.conftest import Cli, Outcome
    from tests.ctl.fake_daemon import FakeDaemon

GOLDEN = Path(__file__).parent / "golden"
FIRST, CLOSED, UNKNOWN = session(1).id, closed_session(9).id, session(404).id
RUN = stored_run(1).id
RUN_BOTH_WAYS = run_both_ways(4).id
REASON = ("--reason", "upgrade", "--yes")

COMMANDS = {
    "runs-live": ("runs", "live"),
    "sessions-list": ("sessions", "list"),
    "sessions-show": ("sessions", "show", FIRST),
    "sessions-show-closed": ("sessions", "show", CLOSED),
    "sessions-watch": ("sessions", "watch"),
    "sessions-kill": ("sessions", "kill", FIRST, CLOSED, UNKNOWN, *REASON),
    "health": ("health",),
    "sessions-blocks": ("sessions", "blocks"),
    "sessions-block": ("sessions", "block", "192.0.2.9", "--for", "10m", "--reason", "abuse"),
    "sessions-unblock": ("sessions", "unblock", "192.0.2.7", "192.0.2.8"),
    "breakers-list": ("breakers", "list"),
    "breakers-reset": ("breakers", "reset", "192.0.2.7", "192.0.2.8"),
    "config-show": ("config", "show"),
    "config-get": ("config", "get", "limits"),
    "config-set": ("config", "set", "timeouts.inactivity=45s", "log_level=debug"),
    "config-reset": ("config", "reset", "timeouts.inactivity"),
    "context-list": ("context", "list"),
    "context-show": ("context", "show", "edge"),
    "timeouts-get": ("timeouts", "get"),
    "timeouts-set": ("timeouts", "set", "inactivity=45s", "probe_failures=5"),
    "timeouts-reset": ("timeouts", "reset", "--yes"),
    "drain": ("drain", *REASON),
    "resume": ("resume",),
    "shutdown": ("shutdown", *REASON),
    "version": ("version",),
    "explain": ("explain", "runs"),
    "sessions-kill-dry-run": ("sessions", "kill", "--user", "alex_1", "--block", "10m", "--dry-run", *REASON),
    "sessions-kill-nothing": ("sessions", "kill", "--address", "198.51.100.0/24", *REASON),
    "history-list": ("history", "list"),
    "history-runs": ("history", "runs"),
    "history-show-run": ("history", "show", RUN),
    "history-show-run-both-ways": ("history", "show", RUN_BOTH_WAYS),
    "history-show-session": ("history", "show", CLOSED),
    "history-show-unknown": ("history", "show", "f" * 24),
    "history-stats": ("history", "stats"),
    "history-export": ("history", "export", "--format", "csv"),
    "history-export-runs": ("history", "export", "--runs"),
}

WITHOUT = {
    "audit": "reads a log; test_audit.py has what it shows",
    "top": "fills a terminal; test_top.py has its screens",
    "test": "measures: its figures differ each time; test-table and test-csv have given ones",
    "check leaks": "measures: its figures differ each time",
    "sessions shutdown": "is shutdown",
    "runs list": "is history runs",
    "runs show": "is history show",
    "status": "is health",
    "timeouts show": "is timeouts get",
    "context add": "prints nothing",
    "context use": "prints nothing",
    "context remove": "prints nothing",
}
"""Commands that have no transcript, and why."""

INVALID = stored_run(3)
INVALID.valid = False
INVALID.ClearField("increase_p95")


@pytest.fixture(autouse=True)
def _same_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_every_command_has_a_transcript() -> None:
    commands = {path for path, command in TREE.items() if not hasattr(command, "commands")}
    shown = {path for path in commands for line in COMMANDS.values() if line[: len(path)] == path}
    assert {" ".join(path) for path in commands - shown} == WITHOUT.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_output(cli: Cli, daemon: FakeDaemon, name: str) -> None:
    transcript = ""
    daemon.more_settings = MORE
    cli("context", "add", "edge", "/run/householdd/control.sock", "--use")
    for style in Format:
        daemon.values["inactivity"] = 40
        daemon.sessions = [session(1), session(2, user_id='o"brien, a\nb')]
        daemon.closed = [closed_session(9)]
        daemon.blocks = [block("192.0.2.7", "abuse", 600)]
        daemon.breakers = list(BREAKERS)
        daemon.events = watch_events()
        daemon.ended = [ended_session(9, RUN), ended_session(8, "")]
        daemon.runs = [stored_run(1), stored_run(2, client="householdctl"), INVALID, run_both_ways(4)]
        daemon.groups = [counted("2026-01-02"), counted("")]
        command = (*COMMANDS[name], "-o", style.value)
        transcript += _said(command, cli(*command), daemon)
    _same(name, transcript)


@pytest.mark.parametrize("name", ["runs-live", "sessions-list", "sessions-kill", "health", "version"])
def test_output_of_several_daemons(bare_cli: Cli, daemon: FakeDaemon, name: str) -> None:
    transcript = ""
    bare_cli("context", "add", "away", "/nowhere/x.sock")
    bare_cli("context", "add", "edge", str(daemon.path))
    for style in Format:
        daemon.sessions = [session(1), session(2)]
        daemon.closed = [closed_session(9)]
        command = (*COMMANDS[name], "-o", style.value)
        transcript += _said(command, bare_cli("--context", "*", *command), daemon)
    _same(f"several-{name}", transcript)


def test_output_without_headers(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = [session(1)]
    transcript = ""
    for style in ("table", "csv"):
        for command in (("sessions", "list"), ("health",)):
            line = (*command, "-o", style, "--no-headers")
            transcript += _said(line, cli(*line), daemon)
    _same("no-headers", transcript)


def test_an_empty_list(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = []
    transcript = ""
    for style in Format:
        line = ("sessions", "list", "-o", style.value)
        transcript += _said(line, cli(*line), daemon)
    _same("sessions-list-empty", transcript)


@pytest.mark.parametrize("style", ["table", "csv"])
def test_a_run_of_both_directions(
    bare_cli: Cli, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    outcome = show(monkeypatch, bare_cli, style, both_ways(8, 480, 450))
    _same(f"test-{style}", _said(("test", "https://192.0.2.9:8443/", "-o", style), outcome, daemon))


def _said(command: tuple[str, ...], outcome: Outcome, daemon: FakeDaemon) -> str:
    words = " ".join(f'"{word}"' if " " in word else word for word in command)
    text = f"$ householdctl {words}\n{outcome.out}"
    if outcome.err:
        text += f"(stderr) {outcome.err}"
    if outcome.code:
        text += f"(exit code {outcome.code})\n"
    return text.replace(str(daemon.path), "SOCKET").replace(version("householdd"), "VERSION") + "\n"


def _same(name: str, transcript: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("HOUSEHOLD_GOLDEN") == "write":
        path.write_text(transcript)
    assert transcript == path.read_text(), f"if this is meant: HOUSEHOLD_GOLDEN=write pytest {__file__}"
