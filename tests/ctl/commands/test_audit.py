"""householdctl audit, on logs as they are: with lines that are no JSON, and lines of others."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ctl.conftest import Cli


def change(at: str, actor: str, **fields: object) -> str:
    known = {
        "uid": 1007,
        "via": "unix, pid 4711",
        "method": "household.v1.SessionService/KillSessions",
        "outcome": "OK",
    }
    entry = {"event": "change", "actor": actor, **known, **fields, "logger": "audit", "timestamp": at}
    return json.dumps(entry)


KILL = change("2026-11-27T10:00:00.000001Z", "alice", reason="customer called", request={"filter": "profile = jake"})
DRAIN = change("2026-11-28T10:00:00.000001Z", "bob", method="household.v1.ServerService/DrainServer", uid=1008)
DENIED = change("2026-11-28T11:00:00.000001Z", "eve", event="denied", outcome="PERMISSION_DENIED")
LOG = "\n".join(
    (
        "systemd[1]: Starting householdd.service...",
        "householdd serves https://0.0.0.0:443/",
        KILL,
        '{"event": "session closed", "logger": "runner", "reason": "audit", "timestamp": "2026-11-27T10:00:01Z"}',
        '{"broken": "audit"',
        "[1, 2]",
        f"Nov 28 10:00:00 probe1 householdd[4711]: {DRAIN}",
        f"<4>{DENIED}",
        change("no time", "mallory"),
        "\x00\ufffd not text",
        "",
    )
)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log"
    path.write_bytes(LOG.encode() + b"\xff\xfe\n")
    return path


def actors(cli: Cli, *arguments: str) -> list[str]:
    return [line["actor"] for line in cli("audit", *arguments, "-o", "jsonl").json_lines]


def test_changes_and_denials_are_shown_and_nothing_else(bare_cli: Cli, log: Path) -> None:
    outcome = bare_cli("audit", "--file", str(log))
    assert outcome.code == 0
    header, *rows = outcome.rows
    assert header[:4] == ["TIME", "ACTOR", "CALL", "OUTCOME"]
    assert [row[2:5] for row in rows] == [
        ["alice", "KillSessions", "OK"],
        ["bob", "DrainServer", "OK"],
        ["eve", "KillSessions", "PERMISSION_DENIED"],
    ]
    assert "customer called" in outcome.out
    assert '{"filter": "profile = jake"}' in outcome.out


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ((), ["alice", "bob", "eve"]),
        (("--since", "2026-11-28T10:00:00+00:00"), ["bob", "eve"]),
        (("--until", "2026-11-28T10:30:00+00:00"), ["alice", "bob"]),
        (("--since", "2026-11-28T00:00:00+00:00", "--until", "2026-11-28T10:30:00+00:00"), ["bob"]),
        (("--actor", "alice"), ["alice"]),
        (("--actor", "1008"), ["bob"]),
        (("-n", "1"), ["eve"]),
        (("--limit", "2", "--until", "2026-11-28T10:30:00+00:00"), ["alice", "bob"]),
    ],
)
def test_which_are_wanted(bare_cli: Cli, log: Path, arguments: tuple[str, ...], shown: list[str]) -> None:
    assert actors(bare_cli, "--file", str(log), *arguments) == shown


def test_standard_input_is_read(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(LOG.encode())))
    assert actors(bare_cli, "--file", "-") == ["alice", "bob", "eve"]


def test_every_format_has_the_same_fields(bare_cli: Cli, log: Path) -> None:
    document = bare_cli("audit", "--file", str(log), "-o", "json").json
    header = bare_cli("audit", "--file", str(log), "-o", "csv").out.splitlines()[0]
    assert [entry["actor"] for entry in document["entries"]] == ["alice", "bob", "eve"]
    assert header.startswith("timestamp,event,actor,uid,via,method,reason,")


def test_nothing_found_is_said(bare_cli: Cli, log: Path) -> None:
    outcome = bare_cli("audit", "--file", str(log), "--actor", "nobody")
    assert outcome.code == 0
    assert outcome.err == "no entry of this log matches\n"


@pytest.mark.parametrize("option", ["--target", "--context"])
def test_a_daemon_that_is_chosen_is_not_asked_and_that_is_said(bare_cli: Cli, log: Path, option: str) -> None:
    outcome = bare_cli("audit", "--file", str(log), option, "edge-1")
    assert outcome.code == 0
    assert outcome.err == "--target and --context are not used: audit reads a log of this machine\n"


def test_a_file_that_is_not_there_is_named(bare_cli: Cli, tmp_path: Path) -> None:
    outcome = bare_cli("audit", "--file", str(tmp_path / "none"))
    assert outcome.code == 1
    assert f"{tmp_path / 'none'}: No such file or directory" in outcome.err


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journalctl that prints the file `out`, and says in `asked` how it was called."""
    directory = tmp_path / "bin"
    directory.mkdir()
    script = directory / "journalctl"
    script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n. {tmp_path}/behaviour\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    return tmp_path


def test_the_journal_is_read(bare_cli: Cli, journal: Path, log: Path) -> None:
    (journal / "behaviour").write_text(f"cat {log}\n")
    assert actors(bare_cli, "--since", "2026-11-28T10:00:00+00:00") == ["bob", "eve"]
    asked = (journal / "asked").read_text()
    assert asked == "--unit=householdd --output=cat --no-pager --since=@1795860000\n"


@pytest.mark.parametrize(
    "behaviour",
    [
        "echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1",
        "echo 'Hint: ...' >&2",
        "exit 3",
    ],
)
def test_a_journal_that_cannot_be_read_is_told(bare_cli: Cli, journal: Path, behaviour: str) -> None:
    (journal / "behaviour").write_text(behaviour)
    outcome = bare_cli("audit")
    assert outcome.code == 1
    assert "cannot read the journal: " in outcome.err
    assert "householdctl audit --file FILE" in outcome.err


def test_a_machine_without_a_journal_is_told(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = bare_cli("audit")
    assert outcome.code == 1
    assert "cannot read the journal: journalctl: No such file or directory" in outcome.err
