"""Runs from a client's report to the permalink, and sessions into the history, with and without the database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from msgspec import convert

from household.v1 import history_service_pb2, server_service_pb2
from householdd.measure.run_report import ClientRunReport
from tests.daemon import TIMEOUT_S, Daemon, running, wait_until
from tests.end_to_end.reports import play_alex, probing, report
from tests.end_to_end.sessions import open_sessions
from tests.postgresql import Cluster
from tests.run_reports import latency, run_report, stretch
from tests.scraping import LISTEN, scrape
from tests.websocket_clients import OldPage, client
from tests.worker.http_client import ask

SHORT = latency(20, 30)
"""Under load, over 10 ms before."""


def kept(daemon: Daemon, statement: str = "SELECT id, reason FROM session") -> list[Any]:
    """Rows of the daemon's SQLite file; none while it is not there."""
    try:
        with closing(sqlite3.connect(f"file:{daemon.directory}/state/history.db?mode=ro", uri=True)) as connection:
            return connection.execute(statement).fetchall()
    except sqlite3.OperationalError:
        return []


async def test_a_run_is_stored_and_shown_to_whoever_has_its_id(shared_daemon: Daemon) -> None:
    daemon = shared_daemon
    async with probing(daemon, "share1") as probe:
        await play_alex(daemon, "share1")
        await play_alex(daemon, "another")
        answer = await report(probe, loaded=SHORT)
    assert answer["type"] == "run_stored"
    assert answer["path"] == f"?run={answer['id']}"
    assert len(answer["id"]) == 24

    def whole() -> bool:
        return kept(daemon, "SELECT run_id FROM session").count((answer["id"],)) == 2

    await asyncio.to_thread(wait_until, whole, "both sessions are stored with the run")
    shown = await asyncio.to_thread(ask, daemon, f"/virtual-household/runs/{answer['id']}")
    assert shown.status == 200
    assert shown.headers["Content-Type"] == "application/json"
    run = shown.json
    assert (run["id"], run["grade"], run["valid"], run["increase_p95_ms"]) == (answer["id"], "A", True, 20)
    # So short a session has too few samples of the kernel; a short delay blames no one.
    assert (run["cause"], run["witness"], run["kernel_increase_p95_ms"]) == ("unknown", "application", None)
    assert (run["stretches"], run["hurting"]) == ([], None)
    kept_report, sent_report = (convert(each, ClientRunReport) for each in (run["report"], run_report(loaded=SHORT)))
    assert kept_report == sent_report
    alex, probes = sorted(run["sessions"], key=lambda each: str(each["profile"]))
    assert (alex["profile"], alex["reason"]) == ("alex", "client_stopped")
    assert alex["sent_bytes"] > 0
    assert alex["tcp_round_trip_ms"] > 0
    assert alex["congestion_control"] == "cubic"
    assert probes["profile"] == "probe"
    for private in ("127.0.0", "phone", "share1"):
        assert private not in shown.body.decode()


async def test_a_run_is_shown_at_once_and_also_below_api(shared_daemon: Daemon) -> None:
    async with probing(shared_daemon, "at-once") as probe:
        answer = await report(probe)
        shown = await asyncio.to_thread(ask, shared_daemon, f"/api/virtual-household/runs/{answer['id']}")
    assert shown.status == 200


@pytest.mark.parametrize("run_id", ["0" * 24, "0" * 23, "A" * 24, "..%2f..%2fetc%2fpasswd", "%00" * 24, "x" * 4000, ""])
def test_an_unknown_or_malformed_id_is_not_found(shared_daemon: Daemon, run_id: str) -> None:
    assert ask(shared_daemon, f"/virtual-household/runs/{run_id}").status == 404


async def test_a_run_of_both_directions_is_graded_by_its_worst_and_names_it(shared_daemon: Daemon) -> None:
    both_ways = [stretch("download", 10, 18), stretch("upload", 23, 490), stretch("both", 36, 460)]
    async with probing(shared_daemon, "both-ways") as probe:
        answer = await report(probe, stretches=both_ways)
    run = (await asyncio.to_thread(ask, shared_daemon, f"/virtual-household/runs/{answer['id']}")).json
    assert (run["grade"], run["increase_p95_ms"], run["hurting"]) == ("F", 480, "upload")
    assert [(each["stretch"], each["from_s"], each["grade"]) for each in run["stretches"]] == [
        ("download", 10, "A"),
        ("upload", 23, "F"),
        ("both", 36, "F"),
    ]


async def test_each_stretch_has_what_the_servers_kernel_saw_meanwhile(daemon_of_two: Daemon) -> None:
    """By all workers, cut by the time of the report."""
    phases = [{"name": "idle", "from_s": 0, "until_s": 2}, {"name": "load", "from_s": 0, "until_s": 9}]
    async with probing(daemon_of_two, "cut") as probe:
        async with client(daemon_of_two, "alex", OldPage, "?test_id=cut") as alex:
            await alex.until(lambda: alex.kinds["real_time_update"] >= 36)
            await alex.send(type="stop_test")
            await alex.until(lambda: alex.kinds["session_complete"])
        ended = "SELECT id FROM session WHERE test_id = 'cut'"
        await asyncio.to_thread(wait_until, lambda: kept(daemon_of_two, ended), "the session is stored")
        both = [stretch("download", 0, 18, until_s=8.5), stretch("upload", 8.5, 18, until_s=9)]
        answer = await report(probe, phases=phases, stretches=both)
    run = (await asyncio.to_thread(ask, daemon_of_two, f"/virtual-household/runs/{answer['id']}")).json
    download, upload = run["stretches"]
    assert download["kernel_increase_p95_ms"] < 100
    assert upload["kernel_increase_p95_ms"] is None


async def test_a_malformed_report_gets_the_usual_error_and_a_second_try(shared_daemon: Daemon) -> None:
    async with probing(shared_daemon, "again") as probe:
        refused = await report(probe, grade="A+")
        assert refused["type"] == "error"
        assert "grade" in refused["error"]
        await probe.send(**run_report())
        await probe.until(lambda: probe.kinds["run_stored"])


async def test_without_a_history_a_run_is_refused_and_not_found(tmp_path: Path) -> None:
    with running(tmp_path, env={"HOUSEHOLDD_HISTORY__ENABLED": "false"}) as daemon:
        async with probing(daemon, "off") as probe:
            assert await report(probe) == {"type": "run_refused", "reason": "disabled"}
        assert not (tmp_path / "state" / "history.db").exists()
        assert ask(daemon, f"/virtual-household/runs/{'0' * 24}").status == 404
        assert daemon.get_server().history.state == server_service_pb2.HISTORY_STATE_DISABLED
        with pytest.raises(grpc.RpcError) as caught:
            daemon.history.ListHistory(history_service_pb2.ListHistoryRequest(), timeout=10)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert caught.value.details() == "history is disabled: history.enabled is false"


async def test_without_permalinks_a_run_is_stored_and_not_shown_and_too_many_are_refused(tmp_path: Path) -> None:
    env = {"HOUSEHOLDD_HISTORY__PERMALINKS": "false", "HOUSEHOLDD_HISTORY__RUNS_PER_MINUTE": "1"}
    with running(tmp_path, env=env) as daemon:
        async with probing(daemon, "private") as probe:
            answer = await report(probe)
        assert (answer["type"], answer["path"]) == ("run_stored", None)
        assert ask(daemon, f"/virtual-household/runs/{answer['id']}").status == 404
        await asyncio.to_thread(wait_until, lambda: kept(daemon, "SELECT id FROM run"), "it is stored")
        async with probing(daemon, "another") as probe:
            assert await report(probe) == {"type": "run_refused", "reason": "too_many"}


async def test_sessions_that_end_at_once_are_all_kept(daemon_of_two: Daemon) -> None:
    daemon = daemon_of_two
    async with open_sessions(daemon, 60) as clients:
        for each in clients:
            await each.until(lambda each=each: each.kinds["session_info"])  # type: ignore[misc]  # bound at once
        ids = {each.session_id for each in clients}
        killed = await asyncio.to_thread(daemon.ctl, "sessions", "kill", "--all", "--yes", "--reason", "a test")
        assert killed.returncode == 0, killed.stderr
    await asyncio.to_thread(wait_until, lambda: len(kept(daemon)) == 60, "all are kept")
    assert set(kept(daemon, "SELECT id, reason, detail FROM session")) == {(each, "killed", "a test") for each in ids}


async def test_killed_workers_a_killed_supervisor_and_a_stop_leave_their_sessions_behind(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        async with client(daemon, "alex_lost", OldPage) as alex:
            await alex.payload()
            lost = alex.session_id
            # Told of at its opening, a moment after it.
            await alex.until(lambda: alex.kinds["real_time_update"] > 1)
            os.kill(daemon.worker_pids()[0], signal.SIGKILL)
            await alex.connection.wait_closed()
            await asyncio.to_thread(wait_until, lambda: kept(daemon), "it is kept")
        assert kept(daemon) == [(lost, "worker_lost")]
        daemon.process.kill()
        await asyncio.to_thread(daemon.process.wait, TIMEOUT_S)
    with running(tmp_path) as daemon:
        async with client(daemon, "alex_end", OldPage) as alex:
            await alex.payload()
            ended = alex.session_id
            daemon.process.send_signal(signal.SIGTERM)
            await alex.payload()
            daemon.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(daemon.process.wait, TIMEOUT_S) == 0
    assert set(kept(daemon)) == {(lost, "worker_lost"), (ended, "drained")}


async def test_traffic_goes_on_without_the_database_health_says_so_and_it_catches_up(daemon: Daemon) -> None:
    first = await play_alex(daemon, "before")
    await asyncio.to_thread(wait_until, lambda: len(kept(daemon)) == 1, "the first session is kept")
    state = daemon.directory / "state"
    for path in state.glob("history.db*"):
        # The writer's own closing removes its log.
        path.unlink(missing_ok=True)
    (state / "history.db").mkdir()
    second = await play_alex(daemon, "without")
    async with probing(daemon, "without") as probe:
        # It waits in memory, but no client is promised a link to it.
        assert await report(probe) == {"type": "run_refused", "reason": "unavailable"}
        unknown = await asyncio.to_thread(ask, daemon, f"/virtual-household/runs/{'0' * 24}")
        assert unknown.status == 503
        assert b"history" in unknown.body
    await asyncio.to_thread(wait_until, lambda: daemon.events("cannot write history"), "the log says so")
    status = daemon.get_server().history
    assert status.state == server_service_pb2.HISTORY_STATE_FAILING
    assert "unable to open" in status.problem or "Is a directory" in status.problem
    assert status.waiting >= 1
    health = await asyncio.to_thread(daemon.ctl, "health")
    assert health.returncode == 8
    assert "the history is not written" in health.stderr
    with pytest.raises(grpc.RpcError) as caught:
        daemon.history.ListHistory(history_service_pb2.ListHistoryRequest(), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    await asyncio.to_thread(wait_until, lambda: daemon.events("run not stored yet"), "the log says so")
    assert not daemon.events("run stored")
    assert daemon.events("run not stored yet")[0]["problem"]
    (state / "history.db").rmdir()
    await asyncio.to_thread(wait_until, lambda: daemon.events("history recovered"), "it catches up")
    status = daemon.get_server().history
    assert (status.state, status.problem) == (server_service_pb2.HISTORY_STATE_WRITING, "")
    assert status.dropped == 0
    found = {row[0]: row[1] for row in kept(daemon)}
    assert found[second] == "client_stopped"
    assert first not in found
    assert json.loads(kept(daemon, "SELECT report FROM run")[0][0])["type"] == "run_report"


def newer_schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE household_schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO household_schema VALUES (99)")


BROKEN: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a directory": (Path.mkdir, "Is a directory|unable to open", "unreachable"),
    "garbage": (lambda path: path.write_bytes(b"no database" * 1000), "file is not a database", "corrupt"),
    "a newer schema": (newer_schema, "schema version 99", "newer_schema"),
}


@pytest.mark.parametrize("how", BROKEN)
async def test_no_client_is_promised_a_link_and_every_command_names_the_reason(tmp_path: Path, how: str) -> None:
    spoil, words, reason = BROKEN[how]
    (tmp_path / "state").mkdir()
    spoil(tmp_path / "state" / "history.db")
    with running(tmp_path, *LISTEN) as daemon:
        async with probing(daemon, "broken") as probe:
            assert await report(probe) == {"type": "run_refused", "reason": "unavailable"}
        await asyncio.to_thread(wait_until, lambda: daemon.events("run not stored yet"), "the log says so")
        assert not daemon.events("run stored")
        for command in (("health",), ("health", "--check")):
            done = await asyncio.to_thread(daemon.ctl, *command)
            assert re.search(f"the history is not written: .*({words})", done.stderr + done.stdout)
        if how != "a newer schema":
            done = await asyncio.to_thread(daemon.ctl, "history", "runs")
            assert re.search(f"the history cannot be read: .*({words})", done.stderr)
        seen = await asyncio.to_thread(scrape, daemon)
        assert seen.values("householdd_history_up") == [0]
        assert seen.values("householdd_history_problem", reason=reason) == [1]
        assert seen.total("householdd_history_problem") == 1


async def test_idle_daemons_know_that_their_database_is_away_and_both_are_back_with_it(
    tmp_path: Path, postgresql: Cluster
) -> None:
    env = {"HOUSEHOLDD_HISTORY__URL": postgresql.create()}
    with contextlib.ExitStack() as stack:
        pair = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            pair.append(stack.enter_context(running(tmp_path / name, *LISTEN, env=env)))

        def states() -> set[server_service_pb2.HistoryState.ValueType]:
            return {daemon.get_server().history.state for daemon in pair}

        async with probing(pair[0], "before") as probe:
            stored = await report(probe)
        assert stored["type"] == "run_stored"
        postgresql.stop()
        try:
            # Nothing is to be written meanwhile.
            failing = {server_service_pb2.HISTORY_STATE_FAILING}
            await asyncio.to_thread(wait_until, lambda: states() == failing, "both know", TIMEOUT_S * 2)
            for daemon in pair:
                assert daemon.get_server().history.HasField("failing_since")
                health = await asyncio.to_thread(daemon.ctl, "health")
                assert re.search("the history is not written: connection .*failed", health.stderr)
                assert scrape(daemon).values("householdd_history_problem", reason="unreachable") == [1]
            async with probing(pair[1], "away") as probe:
                assert await report(probe) == {"type": "run_refused", "reason": "unavailable"}
        finally:
            postgresql.start()
        back = {server_service_pb2.HISTORY_STATE_WRITING}
        await asyncio.to_thread(wait_until, lambda: states() == back, "both are back")
        for daemon in pair:
            async with probing(daemon, "after") as probe:
                assert (await report(probe))["type"] == "run_stored"
        runs = pair[0].history.ListRuns(history_service_pb2.ListRunsRequest(), timeout=10).runs
        # The one of the time without a database is kept as well.
        assert {each.test_id for each in runs} == {"before", "away", "after"}


async def test_short_sessions_are_counted_and_not_listed_by_default(tmp_path: Path) -> None:
    with running(tmp_path, env={"HOUSEHOLDD_HISTORY__MIN_SESSION_SECONDS": "60"}) as daemon:
        await play_alex(daemon, "short")
        await asyncio.to_thread(wait_until, lambda: daemon.get_server().history.written == 1, "it is counted")
        assert kept(daemon) == []
        stats = await asyncio.to_thread(daemon.ctl, "history", "stats", "--by", "profile", "-o", "json")
        (group,) = json.loads(stats.stdout)["groups"]
        assert (group["key"], group["sessions"]) == ("alex", "1")


async def test_a_start_with_a_clock_far_ahead_of_the_history_deletes_nothing_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        async with probing(daemon, "kept") as probe:
            stored = await report(probe)
        await asyncio.to_thread(wait_until, lambda: kept(daemon), "the session is kept")
    with closing(sqlite3.connect(tmp_path / "state" / "history.db")) as connection, connection:
        # To the history that is what a clock 100 days ahead looks like.
        for table, column in (("session", "closed_at"), ("session", "opened_at"), ("run", "stored_at")):
            connection.execute(f"UPDATE {table} SET {column} = {column} - 8640000")  # noqa: S608 - names from above
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'history_writer'").fetchone():
            connection.execute("UPDATE history_writer SET seen_at = seen_at - 8640000")
    with running(tmp_path) as daemon:
        # What it writes now does not make its clock right.
        await play_alex(daemon, "later")
        await asyncio.to_thread(wait_until, lambda: len(kept(daemon)) == 2, "both sessions are kept")
        await asyncio.to_thread(wait_until, lambda: daemon.get_server().history.warnings, "the warning")
        health = await asyncio.to_thread(daemon.ctl, "health")
        assert health.returncode == 0
        assert "nothing is deleted as too old: the clock is 100.0 days ahead of the last time written" in health.stdout
        event = "clock not trusted"
        await asyncio.to_thread(wait_until, lambda: daemon.events(event), "the log says so")
        assert [told["level"] for told in daemon.events(event)] == ["warning"]
    assert kept(daemon, "SELECT id FROM run") == [(stored["id"],)]
    assert len(kept(daemon)) == 2
