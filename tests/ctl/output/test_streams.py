"""Standard streams that are closed, full, or of a poor encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from household.v1.server_service_pb2 import ResumeServerRequest
from tests.ctl.commands.test_sessions import watch_events
from tests.ctl.fake_daemon import session, stored_run

if TYPE_CHECKING:
    from tests.ctl.fake_daemon import FakeDaemon

COMMANDS = [
    "health",
    "health -o json",
    "health -o csv",
    "sessions list -o jsonl",
    "sessions watch",
    "history export --runs",
    "--help",
    "--version",
]
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def _run(daemon: FakeDaemon, command: str, redirection: str = "", **environ: str) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of a command below a shell's redirection."""
    line = f'exec "$0" -m householdctl --target "$1" {command} {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, str(daemon.path)],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    encoding = "latin-1" if environ.get("PYTHONIOENCODING") == "latin-1" else "utf-8"
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("redirection", "reason"),
    [
        (">/dev/full", "the disk is full"),
        ("<&- >&-", "it is not open"),
        ("</dev/null >&0", "it is not open"),
    ],
)
def test_output_that_cannot_be_written(daemon: FakeDaemon, command: str, redirection: str, reason: str) -> None:
    daemon.runs, daemon.events = [stored_run(1)], watch_events()
    code, _, err = _run(daemon, command, redirection)
    assert (code, err) == (1, f"Error: standard output: {reason}\n")


@pytest.mark.parametrize("environ", [{}, ASCII], ids=["UTF-8", "ASCII"])
def test_help_on_a_full_disk_in_any_locale(daemon: FakeDaemon, environ: dict[str, str]) -> None:
    code, _, err = _run(daemon, "--help", ">/dev/full", **environ)
    assert (code, err) == (1, "Error: standard output: the disk is full\n")


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_a_plug_in_that_cannot_speak_is_unknown(daemon: FakeDaemon, redirection: str) -> None:
    code, _, err = _run(daemon, "health --check", redirection)
    assert code == 3
    assert err.startswith("Error: standard output: ")


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_notes_that_cannot_be_written_do_not_change_what_is_done(daemon: FakeDaemon, redirection: str) -> None:
    daemon.runs = []
    code, _, err = _run(daemon, "resume --dry-run", redirection)
    assert (code, err) == (1 if ">&- " in redirection else 0, "")
    assert len(daemon.asked(ResumeServerRequest)) == 1
    code, _, err = _run(daemon, f"history show {'0' * 24}", redirection)
    assert (code, err) == (4, "")


@pytest.mark.parametrize("redirection", ["<&-", "<&- 2>&-"])
def test_without_an_input_nobody_can_be_asked(daemon: FakeDaemon, redirection: str) -> None:
    assert _run(daemon, "sessions kill --all --reason x", redirection)[0] == 2
    assert len(daemon.sessions) == 3


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, "jürgen_日本"),
        (ASCII, "jürgen_日本"),
        ({"PYTHONIOENCODING": "latin-1"}, "jürgen_\\u65e5\\u672c"),
        ({"PYTHONIOENCODING": "ascii"}, "jürgen_日本"),
    ],
)
def test_text_that_the_terminal_lacks_is_spelled_out(daemon: FakeDaemon, environ: dict[str, str], shown: str) -> None:
    daemon.sessions = [session(1, user_id="jürgen_日本")]
    for style in ("table", "csv"):
        code, out, err = _run(daemon, f"sessions list -o {style}", **environ)
        assert (code, err) == (0, "")
        assert shown in out
    assert "j\\u00fcrgen_\\u65e5" in _run(daemon, "sessions list -o jsonl", **environ)[1]


@pytest.mark.parametrize("environ", [{}, ASCII], ids=["UTF-8", "ASCII"])
def test_arguments_are_utf_8_in_any_locale(daemon: FakeDaemon, environ: dict[str, str]) -> None:
    assert _run(daemon, "resume --reason 'Störung behoben'", **environ)[0] == 0
    (request,) = daemon.asked(ResumeServerRequest)
    assert isinstance(request, ResumeServerRequest)
    assert request.reason == "Störung behoben"


@pytest.mark.parametrize("environ", [{}, ASCII], ids=["UTF-8", "ASCII"])
@pytest.mark.parametrize(
    "command",
    [
        "resume --reason '\udcff'",
        "sessions list --filter 'user_id = \"\udcff\"'",
        "sessions show '\udcff'",
        "config set 'log_level=\udcff'",
        "context add '\udcff' x.sock",
        "--target '\udcff' health",
        "health --warning '\udcff'",
        "'\udcff'",
    ],
)
def test_arguments_that_are_no_text(daemon: FakeDaemon, command: str, environ: dict[str, str]) -> None:
    code, out, err = _run(daemon, command, **environ)
    assert (code, out) == (2, "")
    assert "is not text in UTF-8" in err
    assert daemon.requests == []


@pytest.mark.parametrize("variable", ["HOUSEHOLDCTL_TARGET", "HOUSEHOLDCTL_CONTEXT", "HOUSEHOLDCTL_TEST_TOKEN"])
def test_variables_that_are_no_text(daemon: FakeDaemon, variable: str) -> None:
    command = "test http://127.0.0.1:1/" if variable.endswith("TOKEN") else "health"
    line = f'exec "$0" -m householdctl {command}'
    done = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable], env={**os.environ, variable: "\udcff"}, capture_output=True
    )
    assert done.returncode in {2, 3, 4}
    assert b"defect" not in done.stderr
    assert b"Error: " in done.stderr
    assert daemon.requests == []
