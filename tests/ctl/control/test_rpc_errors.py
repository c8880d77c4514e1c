"""Failed calls, explained to operators."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest

from householdctl.exit_codes import ExitCode

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
