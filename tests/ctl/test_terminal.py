"""What needs a real process: a terminal, signals, pipes, and the time to start."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from household.v1.server_service_pb2 import ResumeServerRequest, WatchDrainRequest
from householdctl.output.tables import Column, Table
from tests.ctl.commands.test_config import MORE
from tests.ctl.commands.test_sessions import watch_events
from tests.ctl.fake_daemon import drain_step, session, stored_run

if TYPE_CHECKING:
    from pathlib import Path

    from household.v1.session_pb2 import Session
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon

COMMAND = [sys.executable, "-m", "householdctl"]


def _on_a_terminal(*arguments: str, types: str = "", columns: int = 80, **environ: str) -> tuple[int, str]:
    """The exit code, and what the terminal showed, standard output and error mixed."""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "COLUMNS": str(columns), "LINES": "50", "TERM": "xterm", **environ},
    ) as process:
        os.close(terminal)
        if types:
            os.write(controller, types.encode())
        shown = bytearray()
        while True:
            try:
                chunk = os.read(controller, 65536)
            except OSError:
                # The last user of a pseudo-terminal has left.
                break
            if not chunk:
                break
            shown += chunk
        code = process.wait()
    os.close(controller)
    return code, shown.decode()


def test_killing_asks_with_the_number_of_sessions(daemon: FakeDaemon) -> None:
    arguments = ("--target", str(daemon.path), "sessions", "kill", "--all", "-r", "test")
    code, shown = _on_a_terminal(*arguments, types="n\n")
    assert code == 1
    assert "Kill sessions? This affects 3 sessions." in shown
    assert "not confirmed; nothing was changed" in shown
    assert len(daemon.sessions) == 3
    code, shown = _on_a_terminal(*arguments, types="y\n")
    assert code == 0
    assert shown.count("killed") == 3
    assert daemon.sessions == []


def test_a_reset_of_every_setting_asks(daemon: FakeDaemon) -> None:
    daemon.values["inactivity"] = 45
    arguments = ("--target", str(daemon.path), "timeouts", "reset")
    code, shown = _on_a_terminal(*arguments, types="n\n")
    assert code == 1
    assert "Reset all timeouts?" in shown
    assert daemon.values["inactivity"] == 45
    assert _on_a_terminal(*arguments, types="y\n")[0] == 0
    assert daemon.values["inactivity"] == 30


def test_a_shutdown_asks_even_when_nobody_can_count(daemon: FakeDaemon) -> None:
    daemon.hang("ListSessions")
    code, shown = _on_a_terminal(
        "--target", str(daemon.path), "--timeout", "100ms", "shutdown", "-r", "fire", types="y\n"
    )
    assert code == 0
    assert "The number of affected sessions is unknown" in shown


def test_a_narrow_terminal_loses_columns_but_no_text(daemon: FakeDaemon) -> None:
    daemon.sessions = [session(1)]
    target = ("--target", str(daemon.path))
    _, wide = _on_a_terminal(*target, "sessions", "list", columns=220)
    _, narrow = _on_a_terminal(*target, "sessions", "list", columns=80)
    assert daemon.sessions[0].peer_address in wide
    assert "not shown" not in wide
    assert daemon.sessions[0].id[:8] in narrow
    assert "the terminal is too narrow for " in narrow
    assert "…" not in narrow


def _customers() -> list[Session]:
    """A household as customers' browsers make it, at an address of the greatest length for IPv4."""
    return [
        session(
            number,
            id=f"{number}a7c0e5{number}-1b2c-4d5e-8f90-a1b2c3d4e5f6",
            user_id=f"{profile}_7932771586",
            profile=profile,
            peer_address=f"203.113.177.199:5100{number}",
        )
        for number, profile in enumerate(("computer", "sarah", "probe", "probe"))
    ]


def test_100_columns_hold_who_and_how_and_from_where(daemon: FakeDaemon) -> None:
    daemon.sessions = _customers()
    daemon.runs = [stored_run(1)]
    target = ("--target", str(daemon.path))
    code, shown = _on_a_terminal(*target, "sessions", "list", columns=100, NO_COLOR="1")
    assert code == 0
    header = next(line for line in shown.splitlines() if "PROFILE" in line)
    assert [name for name in ("USER", "PROFILE", "STATE", "VERDICT", "AGE", "PEER") if name not in header] == []
    for each in daemon.sessions:
        assert each.id[:8] in shown
        assert each.peer_address in shown
        assert each.id not in shown
    assert "PEER" in _on_a_terminal(*target, "history", "runs", columns=100)[1].splitlines()[0]


def test_ids_are_whole_where_they_are_asked_for(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = _customers()
    for style in ("wide", "json", "csv"):
        assert all(each.id in cli("sessions", "list", "-o", style).out for each in daemon.sessions)


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        (["8cd209fa-1", "9cd209fa-1"], ["8cd209fa", "9cd209fa"]),
        (["8cd209fa-1234", "8cd209fa-1334"], ["8cd209fa-12", "8cd209fa-13"]),
        (["8cd209fa-1234", "8cd209fa-1234"], ["8cd209fa", "8cd209fa"]),
        (["-", "8cd209fa-1234", ""], ["-", "8cd209fa", ""]),
    ],
)
def test_ids_in_tables_are_as_short_as_they_are_unique(
    ids: list[str], shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Table((Column[str]("ID", str, ids=True),), ids).print(headers=False)
    assert capsys.readouterr().out.splitlines() == shown


def test_no_color(daemon: FakeDaemon) -> None:
    target = ("--target", str(daemon.path))
    _, coloured = _on_a_terminal(*target, "sessions", "list", columns=220)
    _, plain = _on_a_terminal(*target, "sessions", "list", columns=220, NO_COLOR="1")
    assert "\x1b[32mACTIVE" in coloured
    assert "\x1b[32m" not in plain


def test_drain_shows_its_progress(daemon: FakeDaemon) -> None:
    daemon.drain_steps, daemon.drain_pause_s = [drain_step(3), drain_step(0)], 0.5
    code, shown = _on_a_terminal("--target", str(daemon.path), "drain", "-r", "x", "--yes", "--wait")
    assert code == 0
    assert "draining: 3 sessions, the rest is closed in" in shown


def test_ctrl_c_ends_the_waiting_and_not_the_drain(daemon: FakeDaemon) -> None:
    daemon.drain_steps, daemon.watch_stays_open = [drain_step(3)], True
    process = subprocess.Popen(
        [*COMMAND, "--target", str(daemon.path), "drain", "-r", "x", "--yes", "--wait"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not daemon.asked(WatchDrainRequest) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    # Its progress may stand above, as far as it was told by then.
    assert err.splitlines()[-1] == "the drain continues with 3 sessions; to end it: householdctl resume"
    assert not daemon.asked(ResumeServerRequest)


def test_ctrl_c_ends_a_watch_quietly(daemon: FakeDaemon) -> None:
    daemon.watch_stays_open = True
    process = subprocess.Popen(
        [*COMMAND, "--target", str(daemon.path), "sessions", "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_for_a_request(daemon)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_ctrl_c_ends_a_call_quietly(daemon: FakeDaemon) -> None:
    daemon.hang("ResumeServer")
    process = subprocess.Popen(
        [*COMMAND, "--target", str(daemon.path), "--timeout", "30", "resume"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for_a_request(daemon)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_reader_that_leaves_is_no_failure_to_talk_about(daemon: FakeDaemon) -> None:
    daemon.sessions = [session(number) for number in range(3000)]
    for style in ("table", "jsonl"):
        process = subprocess.Popen(
            [*COMMAND, "--target", str(daemon.path), "sessions", "list", "-o", style],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        # Whether the last write fails depends on how much the pipe took before.
        assert process.wait(timeout=60) in {0, 1}


def test_a_watch_ends_with_its_reader_also_while_nothing_happens(daemon: FakeDaemon) -> None:
    daemon.events, daemon.watch_stays_open = watch_events(), True
    process = subprocess.Popen(
        [*COMMAND, "--target", str(daemon.path), "sessions", "watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in daemon.events:
        process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 1


# What takes long to import, and which commands do without.
HEAVY = {"grpc", "google.protobuf", "rich", "asyncio", "websockets", "ssl", "msgspec", "uvloop"}


@pytest.mark.parametrize("arguments", [("--help",), ("sessions", "--help"), ("sessions", "list", "--help")])
def test_help_imports_nothing_that_takes_long(arguments: tuple[str, ...]) -> None:
    assert _imported(*arguments) & HEAVY == set()


@pytest.mark.parametrize("style", ["table", "jsonl", "csv"])
def test_a_list_imports_no_more_than_it_needs(daemon: FakeDaemon, style: str) -> None:
    imported = _imported("--target", str(daemon.path), "sessions", "list", "-o", style)
    assert "grpc" in imported
    assert imported & {"rich", "google.rpc", "msgspec", "websockets", "household.v1.history_service_pb2"} == set()


def _imported(*arguments: str) -> set[str]:
    script = (
        "import sys\n"
        "from householdctl.__main__ import run\n"
        "assert run(sys.argv[1:]) == 0\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_the_shell_completes_live_session_ids(daemon: FakeDaemon, tmp_path: Path) -> None:
    words = f"householdctl --target {daemon.path} sessions show 0000"
    assert _completed(words).stdout.split() == [s.id for s in daemon.sessions]
    nobody = _completed(words.replace(str(daemon.path), str(tmp_path / "nobody")))
    assert (nobody.stdout.strip(), nobody.stderr) == ("", "")


def test_the_shell_completes_profiles(daemon: FakeDaemon) -> None:
    daemon.sessions = [session(1), session(2, profile="jake"), session(3, profile="jake")]
    words = f"householdctl --target {daemon.path} sessions list --profile "
    assert _completed(words).stdout.split() == ["alex", "jake"]
    assert _completed(f"{words}ja").stdout.split() == ["jake"]


def test_the_shell_completes_settings(daemon: FakeDaemon) -> None:
    daemon.more_settings = MORE
    words = f"householdctl --target {daemon.path} config"
    assert _completed(f"{words} show l").stdout.split() == ["limits", "limits.max_sessions", "log_level"]
    assert _completed(f"{words} get timeouts.p").stdout.split() == [
        "timeouts.probe_timeout",
        "timeouts.probe_timeout_ceiling",
        "timeouts.probe_failures",
    ]
    assert _completed(f"{words} reset profiles").stdout.split() == ["profiles.jake", "profiles.jake.download_mbps"]
    assert _completed(f"{words} set log").stdout.split() == ["log_level="]
    assert _completed(f"{words} set log_level=d").stdout.split() == ["log_level=debug"]
    assert _completed("householdctl timeouts set inac").stdout.split() == ["inactivity=", "inactivity_floor="]
    assert _completed("householdctl timeouts reset dr").stdout.split() == ["drain"]


def test_the_shell_offers_the_options_of_every_command() -> None:
    assert _completed("householdctl resume --ta").stdout.split() == ["--target"]


def test_the_shell_completes_contexts(bare_cli: Cli, tmp_path: Path) -> None:
    for name in ("edge-1", "edge-2", "lab"):
        bare_cli("context", "add", name, "/x.sock")
    assert _completed("householdctl sessions list --context edge").stdout.split() == ["edge-1", "edge-2"]
    assert _completed("householdctl context use l").stdout.split() == ["lab"]
    (tmp_path / "home" / ".config" / "householdctl" / "contexts.toml").write_text("no TOML")
    broken = _completed("householdctl context use l")
    assert (broken.stdout.strip(), broken.stderr) == ("", "")


def test_completion_does_not_wait_long_for_a_daemon_that_hangs(daemon: FakeDaemon) -> None:
    daemon.hang("ListSessions")
    hanging = _completed(f"householdctl --target {daemon.path} --timeout 1h sessions show 0000")
    assert (hanging.stdout.strip(), hanging.stderr) == ("", "")


def _completed(line: str) -> subprocess.CompletedProcess[str]:
    """What the shell is offered for the last word of a line."""
    words = str(len(line.split(" ")) - 1)
    return subprocess.run(
        COMMAND,
        env={**os.environ, "_HOUSEHOLDCTL_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": words},
        capture_output=True,
        text=True,
    )


def wait_for_a_request(daemon: FakeDaemon) -> None:
    end = time.monotonic() + 60
    while not daemon.requests:
        assert time.monotonic() < end
        time.sleep(0.02)
