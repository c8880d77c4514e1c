"""The exit of a command on wrong usage, a defect, a missing consent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


@pytest.mark.parametrize(
    "arguments",
    [("--nonsense",), ("sessions", "nonsense"), ("health", "-o", "xml"), ("health", "--timeout", "0"), ("drain",)],
)
def test_wrong_usage(bare_cli: Cli, arguments: tuple[str, ...]) -> None:
    outcome = bare_cli(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "Error: " in outcome.err
    assert "Traceback" not in outcome.err


def test_a_defect_is_a_sentence(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("householdctl.control.client.Client.resume", broken)
    outcome = cli("resume")
    assert outcome.code == 1
    assert outcome.err.startswith("Error: a defect in householdctl: ZeroDivisionError: oops\n")
    assert "Traceback" not in outcome.err
    monkeypatch.setenv("HOUSEHOLDCTL_DEBUG", "1")
    assert "Traceback" in cli("resume").err


@pytest.mark.parametrize(
    "command",
    [
        ("sessions", "kill", "--all"),
        ("sessions", "kill", "id"),
        ("sessions", "shutdown"),
        ("shutdown",),
        ("drain",),
    ],
)
def test_destruction_needs_consent_where_nobody_can_be_asked(
    cli: Cli, daemon: FakeDaemon, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull) as nobody:  # noqa: PTH123
        monkeypatch.setattr("sys.stdin", nobody)
        outcome = cli(*command, "--reason", "test")
    assert outcome.code == 2
    assert outcome.err.endswith(
        "standard input is not a terminal, so confirmation is impossible\n  confirm with --yes\n"
    )
    assert daemon.requests == []
