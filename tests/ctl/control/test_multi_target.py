"""Several daemons as one."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from subprocess import PIPE
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health_pb2

from household.v1 import config_service_pb2 as config_api
from household.v1 import server_service_pb2 as server_api
from household.v1 import session_service_pb2 as api
from householdctl.values.units import format_duration
from tests.ctl.commands.test_sessions import watch_events
from tests.ctl.fake_daemon import LAUNCH, FakeDaemon, closed_session, session
from tests.ctl.screens import terminal
from tests.ctl.test_terminal import COMMAND, wait_for_a_request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ctl.conftest import Cli

DRAIN = format_duration(LAUNCH["drain"])


@pytest.fixture
def other(tmp_path: Path, daemon: FakeDaemon) -> Iterator[FakeDaemon]:
    fake = FakeDaemon(tmp_path / "other.sock")
    fake.sessions = [session(11, sent_bytes=2), session(12, sent_bytes=4)]
    fake.serving(health_pb2.HealthCheckResponse.SERVING)
    fake.server.CopyFrom(daemon.server)
    fake.server.sessions = 2
    with fake.running():
        yield fake


@pytest.fixture
def both(bare_cli: Cli, daemon: FakeDaemon, other: FakeDaemon) -> Cli:
    """Runs householdctl on two daemons, called d and o."""
    daemon.sessions = [session(1, sent_bytes=1), session(2, sent_bytes=3), session(3, sent_bytes=5)]
    bare_cli("context", "add", "d", str(daemon.path))
    bare_cli("context", "add", "o", str(other.path))
    return lambda *arguments: bare_cli("--context", "d", "--context", "o", *arguments)


@pytest.fixture
def one_is_away(bare_cli: Cli, daemon: FakeDaemon) -> Cli:
    bare_cli("context", "add", "away", "/nowhere/x.sock")
    bare_cli("context", "add", "d", str(daemon.path))
    return lambda *arguments: bare_cli("--context", "*", *arguments)


AWAY = "householdd cannot be reached at away: no such file"


def _numbers(lines: list[dict[str, str]]) -> list[tuple[str, int]]:
    return [(line["target"], int(line["id"][-2:])) for line in lines]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("sent_bytes", [("d", 1), ("o", 11), ("d", 2), ("o", 12), ("d", 3)]),
        ("sent_bytes desc", [("d", 3), ("o", 12), ("d", 2), ("o", 11), ("d", 1)]),
        ("state, id desc", [("o", 12), ("o", 11), ("d", 3), ("d", 2), ("d", 1)]),
        ("age desc,sent_bytes", [("d", 1), ("o", 11), ("d", 2), ("o", 12), ("d", 3)]),
        ("", [("d", 1), ("d", 2), ("d", 3), ("o", 11), ("o", 12)]),
    ],
)
def test_a_list_is_in_the_order_asked_for(both: Cli, order: str, expected: list[tuple[str, int]]) -> None:
    assert _numbers(both("sessions", "list", "--order-by", order, "-o", "jsonl").json_lines) == expected


def test_a_limit_holds_for_all_together(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    daemon.sessions.sort(key=lambda each: each.sent_bytes)
    document = both("sessions", "list", "--order-by", "sent_bytes", "--limit", "2", "-o", "json").json
    assert _numbers(document["sessions"]) == [("d", 1), ("o", 11)]
    assert document["total_size"] == 5
    for fake in (daemon, other):
        assert [request.page_size for request in fake.asked(api.ListSessionsRequest)] == [2]  # type: ignore[attr-defined]


def test_pages_are_followed_at_each(both: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = [session(number) for number in range(2500)]
    assert len(both("sessions", "list", "-o", "jsonl").json_lines) == 2502


def test_the_table_and_csv_name_the_daemon(both: Cli) -> None:
    header, first, *_ = both("sessions", "list").rows
    assert header[:2] == ["TARGET", "ID"]
    assert first[:2] == ["d", session(1).id]
    names, row, *_ = both("sessions", "list", "-o", "csv").out.splitlines()
    assert names.startswith("target,id,")
    assert row.startswith(f"d,{session(1).id},")


def test_one_that_is_away_is_named_and_the_others_are_listed(one_is_away: Cli) -> None:
    outcome = one_is_away("sessions", "list", "-o", "json")
    assert outcome.code == 9
    assert len(outcome.json["sessions"]) == 3
    assert outcome.json["unreachable_targets"] == [{"target": "away", "reason": AWAY}]
    assert outcome.err == f"warning: away: {AWAY}\n"


def test_when_all_refuse_alike_it_is_said_once(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    for fake in (daemon, other):
        fake.fail("ListSessions", grpc.StatusCode.INVALID_ARGUMENT, "filter: no field 'x'")
    outcome = both("sessions", "list", "--filter", "x")
    assert (outcome.code, outcome.err) == (2, "Error: filter: no field 'x'\n")


def test_when_all_fail_differently_each_is_named(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    daemon.fail("ListSessions", grpc.StatusCode.PERMISSION_DENIED, "viewers only")
    other.fail("ListSessions", grpc.StatusCode.UNAVAILABLE, "starting")
    outcome = both("sessions", "list")
    assert outcome.code == 3
    assert outcome.err == "Error: failed on all 2 daemons\n  d: viewers only\n  o: starting\n"


def test_show_finds_the_daemon_that_knows(both: Cli) -> None:
    outcome = both("sessions", "show", session(12).id)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.rows[0] == ["target", "o"]
    assert both("sessions", "show", session(12).id, "-o", "json").json["target"] == "o"
    unknown = session(404).id
    assert both("sessions", "show", unknown).err == f"Error: no session {unknown}\n"
    assert both("sessions", "show", unknown).code == 4


def test_show_does_not_say_not_found_while_somebody_is_away(one_is_away: Cli) -> None:
    unknown = session(404).id
    outcome = one_is_away("sessions", "show", unknown)
    assert outcome.code == 3
    assert f"  away: {AWAY}\n  d: no session {unknown}\n" in outcome.err


def test_kill_says_what_happened_where(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    other.closed = [closed_session(9)]
    ids = [session(1).id, session(11).id, session(9).id, session(404).id]
    outcome = both("sessions", "kill", *ids, "-r", "test", "-y")
    assert outcome.code == 4
    assert outcome.rows == [
        ["TARGET", "ID", "OUTCOME"],
        ["d", ids[0], "killed"],
        ["o", ids[1], "killed"],
        ["o", ids[2], "already", "closed"],
        [ids[3], "not", "found"],
    ]
    assert len(daemon.sessions) == 2
    assert len(other.sessions) == 1


def test_kill_all_with_one_away(one_is_away: Cli, daemon: FakeDaemon) -> None:
    outcome = one_is_away("sessions", "kill", "--all", "-r", "test", "-y", "-o", "json")
    assert outcome.code == 9
    assert [(result["target"], result["outcome"]) for result in outcome.json["results"]] == [
        ("d", "KILL_OUTCOME_KILLED")
    ] * 3
    assert outcome.json["unreachable_targets"] == [{"target": "away", "reason": AWAY}]
    assert f"warning: away: {AWAY}" in outcome.err
    assert daemon.sessions == []


def test_a_worker_that_does_not_answer_is_named_with_its_daemon(both: Cli, other: FakeDaemon) -> None:
    other.unreachable = [api.UnreachableWorker(worker="1", reason="stopped")]
    assert both("sessions", "list").err == "warning: the sessions of worker 1 at o are missing: stopped\n"
    killed = both("sessions", "kill", "--all", "-r", "test", "-y", "-o", "json")
    assert killed.code == 3
    assert killed.json["unreachable_workers"] == [{"target": "o", "worker": "1", "reason": "stopped"}]


def test_watch_tells_events_of_all(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    daemon.events = watch_events()
    other.events = watch_events()[:1]
    outcome = both("sessions", "watch", "-o", "jsonl")
    assert outcome.code == 0
    assert sorted(line["target"] for line in outcome.json_lines) == ["d", "d", "d", "o"]
    assert "warning: o: the daemon ended the stream" in outcome.err
    assert any(line.startswith("o  2026-") for line in both("sessions", "watch").out.splitlines())


def test_a_watch_names_a_daemon_that_hangs(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    daemon.events = watch_events()
    other.hang("WatchSessions")
    outcome = both("--timeout", "1s", "sessions", "watch", "-o", "jsonl")
    assert (outcome.code, len(outcome.json_lines)) == (9, 3)
    assert "warning: o: no answer from o within 1s" in outcome.err


def test_watch_goes_on_with_those_that_are_there(one_is_away: Cli, daemon: FakeDaemon) -> None:
    daemon.events = watch_events()
    outcome = one_is_away("sessions", "watch", "-o", "csv")
    assert outcome.code == 9
    assert len(outcome.out.splitlines()) == 4
    assert f"warning: away: {AWAY}" in outcome.err


def test_health_of_all(both: Cli, other: FakeDaemon) -> None:
    rows = both("health").rows
    assert rows[0][:3] == ["TARGET", "STATE", "WORKERS"]
    assert rows[2][:6] == ["o", "SERVING", "2", "of", "2", "ready"]
    other.server.state = server_api.SERVER_STATE_DRAINING
    outcome = both("health", "-o", "json")
    assert outcome.code == 8
    assert outcome.json["healthy"] is False
    assert [line["healthy"] for line in outcome.json["targets"]] == [True, False]
    assert "warning: o: the daemon is DRAINING" in outcome.err


def test_health_with_one_away(one_is_away: Cli) -> None:
    outcome = one_is_away("health", "-o", "json")
    assert outcome.code == 9
    assert outcome.json["healthy"] is False


def test_drain_and_resume_all(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    outcome = both("drain", "-r", "upgrade", "-y")
    assert outcome.code == 0
    assert [row[:3] for row in outcome.rows[1:]] == [["d", "DRAINING", "3"], ["o", "DRAINING", "2"]]
    assert daemon.server.state == other.server.state == server_api.SERVER_STATE_DRAINING
    assert [line["target"] for line in both("resume", "-o", "jsonl").json_lines] == ["d", "o"]
    assert daemon.server.state == server_api.SERVER_STATE_SERVING


def test_shutdown_of_all_that_are_there(one_is_away: Cli) -> None:
    outcome = one_is_away("shutdown", "-r", "fire", "-y", "-o", "json")
    assert outcome.code == 9
    assert outcome.json["results"] == [{"target": "d", "sessions_closed": 3, "killed_workers": ["1"]}]


def test_a_daemon_named_twice_is_asked_once(bare_cli: Cli, daemon: FakeDaemon) -> None:
    path = str(daemon.path)
    outcome = bare_cli("sessions", "list", "--target", path, "--target", f"unix:{path}", "-o", "jsonl")
    assert len(outcome.json_lines) == 3
    assert "target" not in outcome.json_lines[0]


@pytest.mark.parametrize("command", ["history list", "history export", "check leaks"])
def test_what_is_for_one_daemon_refuses_several(both: Cli, command: str) -> None:
    outcome = both(*command.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"Error: householdctl {command} talks to one daemon, not to 2: d, o\n"


def test_settings_of_all(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    daemon.values["drain"] = 5
    rows = [row[:3] for row in both("timeouts", "get").rows if row[1] == "drain"]
    assert rows == [["d", "drain", "5s"], ["o", "drain", DRAIN]]
    changed = both("timeouts", "set", "drain=7s", "--reason", "a test", "--request-id", session(1).id)
    assert changed.rows == [
        ["TARGET", "NAME", "BEFORE", "AFTER"],
        ["d", "drain", "5s", "7s"],
        ["o", "drain", DRAIN, "7s"],
    ]
    assert daemon.values["drain"] == other.values["drain"] == 7
    (request,) = other.asked(config_api.UpdateRuntimeConfigRequest)
    assert (request.reason, request.request_id) == ("a test", session(1).id)  # type: ignore[attr-defined]
    document = both("config", "show", "-o", "json").json
    assert [config["target"] for config in document["configs"]] == ["d", "o"]


def test_a_change_that_one_daemon_refuses_is_made_at_the_others(
    both: Cli, daemon: FakeDaemon, other: FakeDaemon
) -> None:
    other.fail("ResetRuntimeConfig", grpc.StatusCode.ABORTED, "refused")
    daemon.values["drain"] = 5
    daemon.unreachable = [api.UnreachableWorker(worker="1", reason="stopped")]
    outcome = both("config", "set", "timeouts.close=1s", "-o", "jsonl")
    assert [line["target"] for line in outcome.json_lines] == ["d", "o"]
    assert outcome.err == "warning: worker 1 at d did not answer and gets the change later: stopped\n"
    outcome = both("config", "reset", "--yes", "-o", "json")
    assert (outcome.code, daemon.values["drain"]) == (9, LAUNCH["drain"])
    assert outcome.json["unreachable_targets"] == [{"target": "o", "reason": "refused"}]
    assert "warning: o: refused" in outcome.err


def test_blocks_of_all(both: Cli, daemon: FakeDaemon, other: FakeDaemon) -> None:
    assert both("sessions", "block", "192.0.2.7", "--for", "10m", "-r", "abuse").code == 0
    assert both("sessions", "block", "192.0.2.8", "--for", "10m", "-r", "abuse", "--target", str(other.path)).code == 0
    assert [row[:2] for row in both("sessions", "blocks").rows[1:]] == [
        ["d", "192.0.2.7"],
        ["o", "192.0.2.7"],
        ["o", "192.0.2.8"],
    ]
    outcome = both("sessions", "unblock", "192.0.2.8", "192.0.2.9", "--reason", "sorry", "-o", "json")
    assert (outcome.code, outcome.err) == (4, "warning: 192.0.2.9 was not blocked\n")
    assert [block["target"] for block in outcome.json["blocks"]] == ["o"]
    assert outcome.json["not_blocked"] == ["192.0.2.9"]
    assert [block.address for block in (*daemon.blocks, *other.blocks)] == ["192.0.2.7"] * 2


def test_blocks_with_one_away(one_is_away: Cli) -> None:
    outcome = one_is_away("sessions", "blocks")
    assert outcome.code == 9
    assert f"warning: away: {AWAY}" in outcome.err


def test_ctrl_c_does_not_wait_for_daemons_that_hang(daemon: FakeDaemon, other: FakeDaemon) -> None:
    for fake in (daemon, other):
        fake.hang("ResumeServer")
    targets = ("--target", str(daemon.path), "--target", str(other.path))
    process = subprocess.Popen([*COMMAND, *targets, "--timeout", "100", "resume"], stdout=PIPE, stderr=PIPE)
    wait_for_a_request(daemon)
    wait_for_a_request(other)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=50)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_json_of_one_daemon_has_no_target(cli: Cli) -> None:
    assert "target" not in json.dumps(cli("sessions", "kill", "--all", "-r", "x", "-y", "-o", "json").json)


@pytest.mark.usefixtures("both")
def test_the_question_comes_once_and_names_all(daemon: FakeDaemon, other: FakeDaemon) -> None:
    with terminal("--context", "?", "sessions", "kill", "--all", "-r", "test") as opened:
        opened.waits_for("Kill sessions at d and o? This affects 5 sessions.")
        opened.types("y\n")
        assert opened.ends() == 0
    assert daemon.sessions == other.sessions == []


@pytest.mark.usefixtures("both")
def test_top_of_several_quits_at_once_while_one_hangs(other: FakeDaemon) -> None:
    with terminal("--context", "?", "--timeout", "100s", "top", "--interval", "100ms") as opened:
        opened.waits_for("sessions 5", "2 people")
        other.hang("ListSessions")
        asked = len(other.requests)
        while api.ListSessionsRequest not in map(type, other.requests[asked:]):
            time.sleep(0.02)
        opened.types("q")
        assert opened.ends() == 0
        assert opened.restored
        assert "Traceback" not in opened.text
