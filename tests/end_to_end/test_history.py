"""The history through the control API and householdctl."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from household.v1 import history_service_pb2 as pb
from household.v1 import history_service_pb2_grpc, server_service_pb2, session_pb2
from tests.daemon import Daemon, running, wait_until
from tests.end_to_end.reports import play_alex, probing, report
from tests.run_reports import latency


def listed(daemon: Daemon, query: str = "", size: int = 0, token: str = "") -> pb.ListHistoryResponse:
    request = pb.ListHistoryRequest(filter=query, page_size=size, page_token=token)
    return daemon.history.ListHistory(request, timeout=10)


async def test_sessions_and_runs_are_listed_counted_and_exported(shared_daemon: Daemon) -> None:
    daemon = shared_daemon
    async with probing(daemon, "one") as probe:
        alex = await play_alex(daemon, "one")
        # A delay that counts without the kernel, which has too few samples of so short a session.
        stored = await report(probe, loaded=latency(20, 30))
    async with probing(daemon, "two") as probe:
        await play_alex(daemon, "two")
        await report(probe, loaded=latency(500, 600), invalid=["tab_hidden"])
    await asyncio.to_thread(wait_until, lambda: len(listed(daemon).sessions) == 4, "all sessions are kept")

    records = listed(daemon).sessions
    ends = [record.session.closed_at.ToNanoseconds() for record in records]
    assert ends == sorted(ends, reverse=True)
    first = listed(daemon, size=3)
    rest = listed(daemon, size=3, token=first.next_page_token)
    assert [*first.sessions, *rest.sessions] == list(records)
    assert rest.next_page_token == ""
    (record,) = listed(daemon, f"id = {alex}").sessions
    assert record.run_id == stored["id"]
    assert record.address_block == record.session.peer_address == "127.0.0.0/24"
    assert record.session.close_reason == session_pb2.CLOSE_REASON_CLIENT_STOPPED
    assert record.session.connection.congestion_control
    assert not listed(daemon, "closed_at > 2100-01-01").sessions

    runs = daemon.history.ListRuns(pb.ListRunsRequest(filter="valid = true"), timeout=10).runs
    assert [(run.id, run.grade, run.client) for run in runs] == [(stored["id"], pb.GRADE_A, "page")]
    whole = daemon.history.GetRun(pb.GetRunRequest(id=stored["id"]), timeout=10)
    assert json.loads(whole.report)["people"][0]["who"] == "alex"
    assert alex in {each.session.id for each in whole.sessions}
    assert [person.score for person in whole.run.people] == [90.5, 90.5]

    def ctl(*arguments: str) -> Any:
        done = daemon.ctl("history", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (by_grade,) = [
        json.loads(line)
        for line in ctl("stats", "--by", "grade", "-o", "jsonl").splitlines()
        if json.loads(line)["key"] == "A"
    ]
    assert (by_grade["runs"], by_grade["mean_increase_p95"]) == ("1", "0.020s")
    shown = ctl("show", stored["id"])
    assert "Alex plays" in shown
    assert alex[:8] in shown
    assert stored["id"] in ctl("show", alex)
    assert len(ctl("export", "--format", "csv").splitlines()) == 5
    assert {json.loads(line)["id"] for line in ctl("export", "--runs").splitlines()} >= {stored["id"]}
    assert alex[:8] in ctl("list", "--filter", "profile = alex", "--limit", "5")
    missing = daemon.ctl("history", "show", "0" * 24)
    assert (missing.returncode, missing.stderr) == (4, f"Error: run {'0' * 24} is not known\n")


@pytest.mark.parametrize(
    ("method", "request_", "problem"),
    [
        ("ListHistory", pb.ListHistoryRequest(filter="state = active"), "filter: at 1: no field 'state'"),
        ("ListRuns", pb.ListRunsRequest(page_size=1001), "page_size: 1001 is out of range"),
        ("ListRuns", pb.ListRunsRequest(page_token="x"), "page_token: not a token of this daemon"),
        ("GetHistoryStats", pb.GetHistoryStatsRequest(group_by=99), "group_by: 99 is none of the groupings"),  # type: ignore[arg-type]  # on purpose
        (
            "GetHistoryStats",
            pb.GetHistoryStatsRequest(since=Timestamp(nanos=-1)),
            "since: must be a time of the years",
        ),
        (
            "GetHistoryStats",
            pb.GetHistoryStatsRequest(until=Timestamp(seconds=2**40)),
            "until: must be a time of the",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    shared_daemon: Daemon, method: str, request_: Message, problem: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        getattr(shared_daemon.history, method)(request_, timeout=10)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert problem in str(caught.value.details())


def test_a_worker_has_no_history(shared_daemon: Daemon) -> None:
    with grpc.insecure_channel(f"unix:{shared_daemon.runtime_dir}/private/worker-0.sock") as channel:
        stub = history_service_pb2_grpc.HistoryServiceStub(channel)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ListHistory(pb.ListHistoryRequest(), timeout=10)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A state directory on a disk of its own, with 2 MiB."""
    state = tmp_path / "state"
    state.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", str(state)]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be made, which takes root: {mounted.stderr.strip()}")
    try:
        yield state
    finally:
        subprocess.run(["umount", "--lazy", state], check=True)


async def test_sessions_go_on_when_the_disk_is_full_and_are_kept_when_there_is_room(small_disk: Path) -> None:
    with running(small_disk.parent) as daemon:

        def status() -> server_service_pb2.HistoryStatus:
            return daemon.get_server().history

        before = await play_alex(daemon, "before")
        await asyncio.to_thread(wait_until, lambda: status().written == 1, "the first is kept")
        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="No space left"):
            ballast.write_bytes(bytes(2**22))
        ended = []
        while not status().problem:
            # The first few still fit into pages that are there.
            ended.append(await play_alex(daemon, "full"))
            assert len(ended) < 50
        assert "disk" in status().problem
        assert status().waiting >= 1
        ballast.unlink()
        await asyncio.to_thread(wait_until, lambda: not status().waiting, "it caught up")
        assert {record.session.id for record in listed(daemon).sessions} == {before, *ended}
        assert (status().problem, status().dropped) == ("", 0)
