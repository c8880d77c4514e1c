from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".config" / "householdctl" / "contexts.toml"


def test_a_context_stands_for_its_daemon(bare_cli: Cli, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bare_cli("context", "add", "lab", str(daemon.path)).code == 0
    assert bare_cli("resume").code == 3
    assert bare_cli("resume", "--context", "lab").code == 0
    assert bare_cli("--context", "lab", "resume").code == 0
    monkeypatch.setenv("HOUSEHOLDCTL_CONTEXT", "lab")
    assert bare_cli("resume").code == 0
    assert bare_cli("resume", "--target", "/nowhere").code == 3


def test_the_current_context_is_meant_when_nothing_is_said(bare_cli: Cli, daemon: FakeDaemon) -> None:
    bare_cli("context", "add", "lab", str(daemon.path), "--use")
    assert bare_cli("resume").code == 0
    assert bare_cli("--target", "/nowhere", "resume").code == 3
    assert bare_cli("context", "use", "--none").code == 0
    assert bare_cli("resume").code == 3
    assert bare_cli("context", "use", "lab").code == 0
    assert bare_cli("resume").code == 0


def test_a_relative_path_is_kept_as_an_absolute_one(bare_cli: Cli, daemon: FakeDaemon) -> None:
    bare_cli("context", "add", "here", daemon.path.name)
    assert bare_cli("context", "show", "here", "-o", "json").json["target"] == str(daemon.path)


def test_the_file_is_for_its_owner_only(bare_cli: Cli, file: Path) -> None:
    bare_cli("context", "add", "lab", "/x.sock")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.name for each in file.parent.iterdir()] == ["contexts.toml"]


def test_the_configuration_folder_can_be_elsewhere(
    bare_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    bare_cli("context", "add", "lab", "/x.sock")
    assert (tmp_path / "xdg" / "householdctl" / "contexts.toml").exists()


def test_list_marks_the_current_one(bare_cli: Cli) -> None:
    bare_cli("context", "add", "lab", "/x.sock", "--use")
    bare_cli(
        "context", "add", "fra1", "fra1.example.net:8444", "--ca", "/ca.pem", "--cert", "/c.pem", "--key", "/k.pem"
    )
    assert bare_cli("context", "list").rows == [
        ["CURRENT", "NAME", "TARGET"],
        ["fra1", "fra1.example.net:8444"],
        ["*", "lab", "/x.sock"],
    ]
    document = bare_cli("context", "list", "-o", "json").json
    assert document["current"] == "lab"
    assert document["contexts"][0] == {
        "name": "fra1",
        "current": False,
        "target": "fra1.example.net:8444",
        "ca": "/ca.pem",
        "cert": "/c.pem",
        "key": "/k.pem",
    }


def test_a_removed_context_is_not_current_any_more(bare_cli: Cli) -> None:
    bare_cli("context", "add", "lab", "/x.sock", "--use")
    assert bare_cli("context", "remove", "lab").code == 0
    outcome = bare_cli("context", "show")
    assert outcome.code == 4
    assert outcome.err == "Error: no context is current\n  select one: householdctl context use NAME\n"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("add", "lab", "/y.sock"), 6, "context lab exists\n  to replace it: --replace"),
        (("add", "../lab", "/y.sock"), 2, "'../lab' is not a valid name"),
        (("add", "fra1", "fra1:8444"), 2, "fra1:8444 needs mutual TLS: add --ca, --cert, --key"),
        (("add", "fra1", "fra1:99999", "--ca=x", "--cert=x", "--key=x"), 2, "the port must be 1 to 65535"),
        (("use", "nope"), 4, "no context 'nope'\n  known: lab"),
        (("use",), 2, "give either NAME or --none"),
        (("use", "lab", "--none"), 2, "give either NAME or --none"),
        (("remove", "nope"), 4, "no context 'nope'"),
        (("show", "nope"), 4, "no context 'nope'"),
    ],
)
def test_what_is_refused_changes_nothing(
    bare_cli: Cli, file: Path, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    bare_cli("context", "add", "lab", "/x.sock", "--use")
    before = file.read_bytes()
    outcome = bare_cli("context", *arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert complaint in outcome.err
    assert file.read_bytes() == before


def test_a_context_can_be_replaced(bare_cli: Cli) -> None:
    bare_cli("context", "add", "lab", "/x.sock")
    assert bare_cli("context", "add", "lab", "/y.sock", "--replace").code == 0
    assert bare_cli("context", "show", "lab", "-o", "json").json["target"] == "/y.sock"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[contexts.lab]\ntarget = 5\n", "Expected `str`, got `int`"),
        ("[contexts.lab]\ntarget = '/x'\nport = 5\n", "unknown field `port`"),
        ("contexts = [", "contexts.toml: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(bare_cli: Cli, file: Path, text: str, complaint: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text)
    for arguments in (("health",), ("context", "list"), ("health", "--context", "lab")):
        outcome = bare_cli(*arguments)
        assert outcome.code == 2
        assert str(file) in outcome.err
        assert complaint in outcome.err
    assert bare_cli("health", "--target", "/nowhere").code == 3


def test_a_context_without_its_certificates_says_so_when_it_is_used(bare_cli: Cli, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("[contexts.fra1]\ntarget = 'fra1:8444'\n")
    outcome = bare_cli("health", "--context", "fra1")
    assert outcome.code == 2
    assert outcome.err.startswith("Error: context fra1: fra1:8444 needs mutual TLS: add --ca")
    assert bare_cli("context", "list").code == 0


def test_target_and_context_in_the_environment_exclude_each_other(
    bare_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSEHOLDCTL_CONTEXT", "lab")
    monkeypatch.setenv("HOUSEHOLDCTL_TARGET", "/x.sock")
    outcome = bare_cli("health")
    assert outcome.code == 2
    assert "are both set" in outcome.err
