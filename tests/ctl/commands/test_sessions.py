from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from household.v1 import session_service_pb2 as api
from tests.ctl.fake_daemon import closed_session, session

if TYPE_CHECKING:
    from tests.ctl.conftest import Cli
    from tests.ctl.fake_daemon import FakeDaemon


def test_list_shows_a_line_for_each_session(cli: Cli) -> None:
    outcome = cli("sessions", "list")
    header, *lines = outcome.out.splitlines()
    assert outcome.code == 0
    assert header.split()[:5] == ["ID", "USER", "PROFILE", "STATE", "VERDICT"]
    assert len(lines) == 3
    for shown in (
        "alex_1",
        "ACTIVE",
        "FROZEN",
        "4m05s",
        "pong 310ms",
        "1.5 Mbit/s",
        "500.0 kbit/s",
        "3.1 MB",
        "120.0 kB",
        "48.2ms",
    ):
        assert shown in lines[0]
    assert lines[0].rstrip().endswith("[2001:db8::7]:50001")


def test_list_cuts_nothing_when_it_is_piped(cli: Cli, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    daemon.sessions = [session(1, user_id="x" * 300)]
    assert "x" * 300 in cli("sessions", "list").out


def test_list_json_is_one_document_with_the_names_of_the_api(cli: Cli) -> None:
    document = cli("sessions", "list", "-o", "json").json
    assert document["total_size"] == 3
    first = document["sessions"][0]
    assert first["user_id"] == "alex_1"
    assert first["sent_bytes"] == "3100000"
    assert first["state"] == "SESSION_STATE_ACTIVE"
    assert first["round_trip"] == "0.048200s"
    assert first["close_detail"] == ""


def test_list_json_lines_is_a_session_a_line(cli: Cli) -> None:
    assert [line["user_id"] for line in cli("-o", "jsonl", "sessions", "list").json_lines] == [
        "alex_1",
        "sarah_1",
        "jake_1",
    ]


def test_list_follows_the_pages(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = [session(number) for number in range(2500)]
    outcome = cli("sessions", "list", "-o", "jsonl")
    assert len(outcome.json_lines) == 2500
    assert [request.page_size for request in daemon.asked(api.ListSessionsRequest)] == [1000] * 3  # type: ignore[attr-defined]


def test_list_passes_on_filter_order_and_limit(cli: Cli, daemon: FakeDaemon) -> None:
    outcome = cli(
        "sessions", "list", "--filter", 'profile = "alex"', "--order-by", "age desc", "--limit", "2", "-o", "json"
    )
    assert len(outcome.json["sessions"]) == 2
    assert outcome.json["total_size"] == 3
    assert daemon.requests == [api.ListSessionsRequest(page_size=2, filter='profile = "alex"', order_by="age desc")]


def test_list_warns_of_workers_whose_sessions_are_missing(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.unreachable = [api.UnreachableWorker(worker="1", reason="deadline exceeded")]
    outcome = cli("sessions", "list", "-o", "jsonl")
    assert outcome.code == 0
    assert len(outcome.json_lines) == 3
    assert outcome.err == "warning: the sessions of worker 1 are missing: deadline exceeded\n"


def test_a_clients_escape_sequences_do_not_reach_the_terminal(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = [session(1, user_id="a\x1b[2Jb", user_agent="\x9bc")]
    shown = cli("sessions", "list").out + cli("sessions", "show", daemon.sessions[0].id).out
    assert "a\\x1b[2Jb" in shown
    assert "\x1b" not in shown
    assert "\x9b" not in shown


def test_show_tells_everything_in_readable_units(cli: Cli) -> None:
    facts = _facts(cli, session(1).id)
    assert facts["state"] == "ACTIVE"
    assert facts["user agent"] == "Mozilla/5.0 [test]"
    assert facts["last evidence"] == "pong 310ms ago"
    assert facts["download"] == "1.5 Mbit/s of 1.5 Mbit/s"
    assert facts["timeout inactivity"] == "30s"
    assert facts["timeout max duration"] == "5m"
    assert facts["timeout probe failures"] == "3"
    assert "close reason" not in facts


def test_show_tells_the_verdict_and_what_it_rests_on(cli: Cli) -> None:
    facts = _facts(cli, session(1).id)
    assert facts["verdict"] == "FROZEN"
    assert facts["last answer"] == "4.25s ago"
    assert facts["payload stops after"] == "1.375s without evidence"
    assert facts["session ends after"] == "12.5s without an answer"


def test_show_tells_the_connection(cli: Cli) -> None:
    facts = _facts(cli, session(1).id)
    assert facts["TCP round trip"] == "48ms, least 11ms"
    assert facts["TCP in flight"] == "3 segments, last acknowledged 96ms ago"
    assert facts["TCP retransmits"] == "17"
    assert facts["TCP delivery rate"] == "9.6 Mbit/s"
    assert facts["unsent"] == "28.0 kB in the kernel, 64.0 kB before"
    assert facts["congestion control"] == "cubic"


def test_show_says_so_where_the_kernel_has_seen_no_round_trip(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions[0].connection.ClearField("min_round_trip")
    assert _facts(cli, session(1).id)["TCP round trip"] == "48ms, least -"


def test_what_is_not_known_is_not_shown(cli: Cli, daemon: FakeDaemon) -> None:
    """A daemon of before, or a session before its first control pass or after its end."""
    daemon.closed = [closed_session(9)]
    facts = _facts(cli, closed_session(9).id)
    for name in ("verdict", "last answer", "payload stops after", "session ends after", "unsent", "congestion control"):
        assert name not in facts
    assert not any(name.startswith("TCP") for name in facts)
    daemon.sessions = [session(1)]
    daemon.sessions[0].ClearField("verdict")
    assert cli("sessions", "list").rows[1][3:6] == ["ACTIVE", "-", "4m05s"]


def test_show_tells_why_a_closed_session_ended(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.closed = [closed_session(9)]
    out = cli("sessions", "show", closed_session(9).id).out
    assert "KILLED" in out
    assert "bye" in out


@pytest.mark.parametrize("style", ["json", "jsonl"])
def test_show_json_is_the_session(cli: Cli, style: str) -> None:
    assert cli("sessions", "show", session(2).id, "-o", style).json["user_id"] == "sarah_1"


def test_show_of_an_unknown_id(cli: Cli) -> None:
    unknown = session(404).id
    outcome = cli("sessions", "show", unknown)
    assert (outcome.code, outcome.out, outcome.err) == (4, "", f"Error: no session {unknown}\n")


def _facts(cli: Cli, session_id: str) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in cli("sessions", "show", session_id).out.splitlines())
    return {name: value.strip() for name, value in lines}


def watch_events() -> list[api.WatchSessionsResponse]:
    messages = [
        api.WatchSessionsResponse(sequence=1, event=api.WATCH_EVENT_SNAPSHOT, session=session(1)),
        api.WatchSessionsResponse(sequence=2, event=api.WATCH_EVENT_SNAPSHOT_END),
        api.WatchSessionsResponse(sequence=3, event=api.WATCH_EVENT_CLOSED, session=closed_session(1)),
    ]
    for message in messages:
        message.at.FromJsonString("2026-01-02T03:08:05.678Z")
    return messages


def test_watch_prints_a_line_for_each_event(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.events = watch_events()
    outcome = cli("sessions", "watch", "--filter", 'profile = "alex"')
    snapshot, mark, closed = outcome.out.splitlines()
    assert outcome.code == 0
    assert "SNAPSHOT " in snapshot
    assert session(1).id in snapshot
    assert mark.endswith("SNAPSHOT_END")
    assert closed.endswith("CLOSED  KILLED (bye)  after 4m05s  3.1 MB down, 120.0 kB up")
    assert daemon.requests == [api.WatchSessionsRequest(filter='profile = "alex"')]


def test_watch_json_lines(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.events = watch_events()
    lines = cli("sessions", "watch", "-o", "jsonl").json_lines
    assert [line["sequence"] for line in lines] == ["1", "2", "3"]
    assert lines[2]["session"]["close_reason"] == "CLOSE_REASON_KILLED"


def test_watch_is_no_single_json_document(cli: Cli) -> None:
    outcome = cli("sessions", "watch", "-o", "json")
    assert outcome.code == 2
    assert "--output jsonl" in outcome.err


def test_kill_by_id_tells_what_became_of_each(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.closed = [closed_session(9)]
    ids = [session(1).id, session(9).id]
    outcome = cli("sessions", "kill", *ids, "--reason", "test", "--yes")
    assert outcome.code == 0
    assert outcome.rows[1:] == [[ids[0], "killed"], [ids[1], "already", "closed"]]
    assert daemon.requests == [api.KillSessionsRequest(ids=api.SessionIds(ids=ids), reason="test")]


def test_kill_of_an_unknown_id_still_kills_the_others(cli: Cli, daemon: FakeDaemon) -> None:
    unknown = session(404).id
    outcome = cli("sessions", "kill", unknown, session(2).id, "-r", "test", "-y", "-o", "wide")
    assert outcome.code == 4
    assert [unknown, "not", "found", "-"] in outcome.rows
    assert [left.user_id for left in daemon.sessions] == ["alex_1", "jake_1"]


def test_kill_by_filter_and_all(cli: Cli, daemon: FakeDaemon) -> None:
    by_filter = cli("sessions", "kill", "--filter", 'user_id = "jake_1"', "-r", "test", "-y", "-o", "json")
    assert [result["outcome"] for result in by_filter.json["results"]] == ["KILL_OUTCOME_KILLED"]
    rest = cli("sessions", "kill", "--all", "-r", "test", "-y", "-o", "jsonl")
    assert len(rest.json_lines) == 2
    assert daemon.sessions == []


def test_kill_with_a_worker_that_does_not_answer(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.unreachable = [api.UnreachableWorker(worker="1", reason="stopped")]
    outcome = cli("sessions", "kill", "--all", "-r", "test", "-y")
    assert outcome.code == 3
    assert outcome.err == "warning: sessions of worker 1 may still live, it did not answer: stopped\n"


@pytest.mark.parametrize("selectors", [(), ("id", "--all"), ("--filter", "x", "--all"), ("--filter", " ")])
def test_kill_takes_exactly_one_selector(cli: Cli, daemon: FakeDaemon, selectors: tuple[str, ...]) -> None:
    outcome = cli("sessions", "kill", *selectors, "-r", "test", "-y")
    assert outcome.code == 2
    assert "--filter" in outcome.err
    assert daemon.requests == []


def test_kill_sends_many_ids_in_portions(cli: Cli, daemon: FakeDaemon) -> None:
    daemon.sessions = [session(number) for number in range(1500)]
    outcome = cli("sessions", "kill", *(s.id for s in daemon.sessions), "-r", "test", "-y", "-o", "jsonl")
    assert len(outcome.json_lines) == 1500
    assert [len(request.ids.ids) for request in daemon.asked(api.KillSessionsRequest)] == [1000, 500]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "query"),
    [
        (("--profile", "alex"), 'profile = "alex"'),
        (("--profile", 'a"\\b'), 'profile = "a\\"\\\\b"'),
        (("--profile", "alex", "--filter", "age > 2s OR id : 1"), 'profile = "alex" AND (age > 2s OR id : 1)'),
    ],
)
def test_a_profile_is_part_of_the_filter(cli: Cli, daemon: FakeDaemon, arguments: tuple[str, ...], query: str) -> None:
    daemon.fail("ListSessions", grpc.StatusCode.ABORTED, "enough")
    daemon.profiles.append('a"\\b')
    cli("sessions", "list", *arguments)
    assert daemon.asked(api.ListSessionsRequest) == [api.ListSessionsRequest(page_size=1000, filter=query)]
