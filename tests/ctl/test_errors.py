from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest

from householdctl.control.target import default_target, named_target
from householdctl.exit_codes import ExitCode
from householdctl.failures import describe_failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, ExitCode.USAGE),
        (grpc.StatusCode.UNAVAILABLE, ExitCode.UNREACHABLE),
        (grpc.StatusCode.NOT_FOUND, ExitCode.NOT_FOUND),
        (grpc.StatusCode.PERMISSION_DENIED, ExitCode.DENIED),
        (grpc.StatusCode.UNAUTHENTICATED, ExitCode.DENIED),
        (grpc.StatusCode.FAILED_PRECONDITION, ExitCode.CONFLICT),
        (grpc.StatusCode.ALREADY_EXISTS, ExitCode.CONFLICT),
        (grpc.StatusCode.ABORTED, ExitCode.CONFLICT),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, ExitCode.FAILURE),
    ],
)
def test_each_status_has_its_exit_code(cli: Cli, daemon: FakeDaemon, status: grpc.StatusCode, code: ExitCode) -> None:
    daemon.fail("ResumeServer", status, "the daemon says so")
    outcome = cli("resume")
    assert (outcome.code, outcome.out, outcome.err) == (code, "", "Error: the daemon says so\n")


def test_a_defect_of_the_daemon_is_told_as_one(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.fail("ResumeServer", grpc.StatusCode.INTERNAL, "KeyError")
    outcome = cli("resume")
    assert outcome.code == 1
    assert outcome.err == "Error: the daemon failed: KeyError (INTERNAL); see its log\n"


def test_no_answer_in_time(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.hang("ResumeServer")
    outcome = cli("resume", "--timeout", "100ms")
    assert outcome.code == 7
    assert f"no answer from {daemon.path} within 100ms" in outcome.err


def test_errors_of_a_stream_are_explained_too(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.fail("WatchSessions", grpc.StatusCode.INVALID_ARGUMENT, "filter: unknown field")
    outcome = cli("sessions", "watch", "--filter", "x")
    assert (outcome.code, outcome.err) == (2, "Error: filter: unknown field\n")


def test_no_daemon_anywhere(bare_cli: Cli, tmp_path: Path) -> None:
    outcome = bare_cli("sessions", "list")
    assert outcome.code == 3
    assert outcome.out == ""
    assert outcome.err.splitlines() == [
        f"Error: no control socket of householdd: looked for {tmp_path}/system.sock, .run/control.sock (no such file)",
        "  check its state: systemctl status householdd",
        "  start it: systemctl start householdd, or in a checkout: make run",
        "  or name another socket: --target PATH",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"line card on fire\nsecond line\n", "line card on fire"),
        (b"", "the file gives no reason"),
        (b"\x1b[2Jfire\xff", "\\x1b[2Jfire\ufffd"),
        (b"x" * 5000, "x" * 800),
    ],
)
def test_after_an_emergency_stop_it_says_why(bare_cli: Cli, tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "emergency-stop").write_bytes(content)
    for arguments in (("health",), ("--target", str(tmp_path / "control.sock"), "sessions", "list")):
        outcome = bare_cli(*arguments)
        assert (outcome.code, outcome.out) == (3, "")
        message, hint, where = outcome.err.splitlines()
        assert message == f"Error: emergency stop: {reason}"
        assert hint == f"  to start again, remove {tmp_path}/emergency-stop, then: systemctl start householdd"
        assert "no such file" in where


@pytest.mark.parametrize("make", [lambda path: path.symlink_to(__file__), os.mkfifo, os.mkdir])
def test_an_emergency_file_that_is_no_file_is_not_read(
    bare_cli: Cli, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "emergency-stop")
    outcome = bare_cli("health")
    assert outcome.code == 3
    assert outcome.err.startswith("Error: emergency stop: the file gives no reason\n")


def test_no_daemon_at_the_socket_that_was_named(bare_cli: Cli) -> None:
    outcome = bare_cli("--target", "/nowhere/x.sock", "health")
    assert outcome.code == 3
    assert outcome.err.startswith("Error: householdd cannot be reached at /nowhere/x.sock: no such file\n  check its ")


def test_a_socket_that_nobody_serves(bare_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    outcome = bare_cli("--target", f"unix:{path}", "health")
    assert outcome.code == 3
    assert f"{path}: connection refused" in outcome.err


def test_a_file_that_is_no_socket(bare_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    outcome = bare_cli("--target", str(path), "health")
    assert outcome.code == 3
    assert "Error: householdd cannot be reached at" in outcome.err


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


def test_a_detail_that_repeats_the_message_is_not_told_twice(cli: Cli, daemon: FakeDaemon) -> None:
    violation = BadRequest.FieldViolation(field="reason", description="1 to 200 characters")
    daemon.fail(
        "ResumeServer",
        grpc.StatusCode.INVALID_ARGUMENT,
        "reason: 1 to 200 characters",
        BadRequest(field_violations=[violation]),
    )
    assert cli("resume").err == "Error: reason: 1 to 200 characters\n"


def test_a_daemon_of_another_version(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.fail("ResumeServer", grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
    outcome = cli("resume")
    assert outcome.code == 1
    assert "its version differs (Method not found!)" in outcome.err
