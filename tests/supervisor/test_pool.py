from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import grpc
import grpc.aio
import pytest

from household.v1 import server_service_pb2 as pb
from householdd.shared.heartbeats import Heartbeat, of_worker, size
from householdd.supervisor import pool as pool_module
from householdd.supervisor.pool import Hooks, WorkerPool
from householdd.supervisor.worker_calls import WorkerHandle

POLLS = 50
"""Polls within the time after which a control loop stands still."""


class Beating(Heartbeat):
    """Of a control loop that has made a pass whenever one looks."""

    @property
    def count(self) -> int:
        self.passes += 1
        return self.passes

    passes = 0


class Worker:
    """A worker's ServerService and its heartbeat."""

    def __init__(self, *, answers: bool, passes: bool) -> None:
        memory = memoryview(bytearray(size(1)))
        self.heartbeat = Beating(memory, 1) if passes else of_worker(memory, 0)
        self.polls = 0
        self.killed = asyncio.Event()
        self.polled_often = asyncio.Event()
        self.server = pb.Server(workers=[pb.Worker()])
        self.stops: list[str] = []
        self._answers = answers

    async def GetServer(self, _request: pb.GetServerRequest, timeout: float) -> pb.GetServerResponse:  # noqa: ARG002 - gRPC's
        self.polls += 1
        if self.polls > 2 * POLLS:
            self.polled_often.set()
        if not self._answers:
            none = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(grpc.StatusCode.DEADLINE_EXCEEDED, none, none)
        return pb.GetServerResponse(server=self.server)


@asynccontextmanager
async def polling(monkeypatch: pytest.MonkeyPatch, directory: Path, worker: Worker) -> AsyncIterator[WorkerHandle]:
    """Poll ``worker`` without waiting."""
    monkeypatch.setattr(pool_module, "POLL_INTERVAL_S", 0.001)
    monkeypatch.setattr(pool_module, "STANDSTILL_TIMEOUT_S", 0.001 * POLLS)

    async def ready(_: WorkerHandle) -> None:
        """Has nothing to tell."""

    handle = WorkerHandle("0", directory / "worker.sock")
    handle.server = worker  # type: ignore[assignment]  # in place of a stub
    hooks = Hooks(
        ready,
        lambda _: worker.heartbeat,
        lambda _, reason: worker.stops.append(reason),
        lambda _: None,
        lambda: True,
        lambda: None,
    )
    pool = WorkerPool({}, [handle], hooks)
    pool._processes["0"] = SimpleNamespace(returncode=None, kill=worker.killed.set)  # type: ignore[assignment]
    task = asyncio.create_task(pool._poll(handle))
    try:
        yield handle
        assert "0" in pool.polled
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("answers", [True, False])
async def test_a_worker_whose_control_loop_stands_still_is_killed_whether_it_answers_or_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answers: bool
) -> None:
    worker = Worker(answers=answers, passes=False)
    async with polling(monkeypatch, tmp_path, worker):
        await asyncio.wait_for(worker.killed.wait(), 20)


async def test_a_worker_whose_control_loop_goes_on_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = Worker(answers=True, passes=True)
    async with polling(monkeypatch, tmp_path, worker) as handle:
        await asyncio.wait_for(worker.polled_often.wait(), 20)
        assert not worker.killed.is_set()
        assert handle.state == pb.WORKER_STATE_READY


async def test_a_worker_that_is_too_busy_to_answer_is_left_alone_and_told_from_a_stuck_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = Worker(answers=False, passes=True)
    async with polling(monkeypatch, tmp_path, worker) as handle:
        await asyncio.wait_for(worker.polled_often.wait(), 20)
        assert not worker.killed.is_set()
        assert handle.state == pb.WORKER_STATE_UNRESPONSIVE
        assert "its control loop" in handle.detail


async def test_a_worker_that_has_stopped_its_traffic_by_itself_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    worker = Worker(answers=True, passes=True)
    worker.server.state, worker.server.drain_reason = pb.SERVER_STATE_STOPPING, "by signal"
    async with polling(monkeypatch, tmp_path, worker):
        await asyncio.wait_for(worker.polled_often.wait(), 20)
    assert set(worker.stops) == {"by signal"}
    assert not worker.killed.is_set()
