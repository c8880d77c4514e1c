"""The versions of householdctl and the daemon."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli


def test_version(cli: Cli) -> None:
    assert cli("version").rows == [["householdctl", version("householdd")], ["householdd", "9.9.9"]]
    assert cli("version", "-o", "json").json["householdd"] == "9.9.9"


def test_the_version_is_an_option_too(bare_cli: Cli) -> None:
    outcome = bare_cli("--version")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"householdctl {version('householdd')}\n"


def test_version_without_a_daemon(bare_cli: Cli) -> None:
    outcome = bare_cli("version")
    assert outcome.code == 0
    assert "no control socket" in outcome.out
    assert bare_cli("version", "-o", "json").json["householdd"] is None
