"""Targets, and the ones that are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from householdctl.control.target import default_target, named_target
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


def test_a_socket_that_may_not_be_opened() -> None:
    assert describe_failure(PermissionError(13, "Permission denied")) == "permission denied"


def test_the_target_comes_from_the_environment(
    bare_cli: Cli, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSEHOLDCTL_TARGET", f"unix://{daemon.path}")
    assert bare_cli("resume").code == 0
    assert bare_cli("--target", "/nowhere", "resume").code == 3
    assert bare_cli("resume", "--target", "/nowhere").code == 3


def test_a_url_is_no_target(bare_cli: Cli) -> None:
    outcome = bare_cli("--target", "https://probe1/", "health")
    assert outcome.code == 2
    assert (
        "Error: --target: 'https://probe1/' is not a control socket; give a path, unix:/path or HOST:PORT"
        in outcome.err
    )


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (f"/x/{'a' * 200}/c.sock", "too long for a socket (at most 107 bytes)"),
        (f"unix:/{'a' * 107}", "too long for a socket (at most 107 bytes)"),
        (f"/{'ü' * 54}", "too long for a socket (at most 107 bytes)"),
        ("a..b:443", "is not a host name"),
        (f"{'a' * 70}:443", "is not a host name"),
        ("host:99999", "the port must be 1 to 65535"),
    ],
)
def test_a_target_that_cannot_be(bare_cli: Cli, target: str, reason: str) -> None:
    files = ("--ca", "ca.pem", "--cert", "cert.pem", "--key", "key.pem")
    for command in ((*files, "--target", target, "health"), ("context", "add", "x", target, *files)):
        outcome = bare_cli(*command)
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.startswith("Error: ")
        assert reason in outcome.err


def test_a_target_may_be_as_long_as_the_kernel_allows(bare_cli: Cli) -> None:
    outcome = bare_cli("--target", f"/{'a' * 106}", "health")
    assert outcome.code == 3
    assert "no such file" in outcome.err


def test_a_default_socket_whose_path_is_too_long_is_not_there(
    bare_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100) / ".run"
    deep.mkdir(parents=True)
    (deep / "control.sock").touch()
    monkeypatch.chdir(deep.parent)
    outcome = bare_cli("health")
    assert outcome.code == 3
    assert "no control socket of householdd" in outcome.err


def test_a_target_over_the_network_needs_certificates(bare_cli: Cli) -> None:
    outcome = bare_cli("--target", "probe1:443", "--ca", "ca.pem", "health")
    assert outcome.code == 2
    assert outcome.err == "Error: --target: probe1:443 needs mutual TLS: add --cert, --key\n"


def test_the_default_target_is_the_first_that_exists(tmp_path: Path) -> None:
    users = tmp_path / "user" / "householdd" / "control.sock"
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "user")}
    checkout = tmp_path / ".run" / "control.sock"
    checkout.parent.mkdir()
    checkout.touch()
    found = default_target(environ).path
    assert found is not None
    assert found.absolute() == checkout
    users.parent.mkdir(parents=True)
    users.touch()
    assert default_target(environ).path == users
    (tmp_path / "system.sock").touch()
    assert default_target(environ).path == tmp_path / "system.sock"


def test_named_targets() -> None:
    assert [str(named_target(text).path) for text in ("x.sock", "unix:x.sock", "unix:/a/b", "unix:///a/b", "/a/b")] == [
        "x.sock",
        "x.sock",
        "/a/b",
        "/a/b",
        "/a/b",
    ]
    with pytest.raises(ValueError, match="empty"):
        named_target("unix:")
