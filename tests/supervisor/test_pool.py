from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from household.v1 import server_service_pb2 as pb
from householdd.supervisor import pool as pool_module
from householdd.supervisor.pool import Hooks, WorkerPool
from householdd.supervisor.worker_calls import WorkerHandle


class Answering:
    """A worker's ServerService, with a control loop that makes ``pace`` passes between two answers."""

    def __init__(self, pace: int) -> None:
        self.pace = pace
        self.passes = 0

    async def GetServer(self, _request: pb.GetServerRequest, timeout: float) -> pb.GetServerResponse:  # noqa: ARG002 - gRPC's
        self.passes += self.pace
        worker = pb.Worker(control_loop=pb.ControlLoop(passes=self.passes))
        return pb.GetServerResponse(server=pb.Server(workers=[worker]))


async def polled(monkeypatch: pytest.MonkeyPatch, directory: Path, pace: int) -> tuple[WorkerPool, asyncio.Event]:
    """A pool that polls such a worker without waiting, and the event of its killing."""
    monkeypatch.setattr(pool_module, "POLL_INTERVAL_S", 0.001)
    monkeypatch.setattr(pool_module, "SILENCE_TIMEOUT_S", 0.05)

    async def ready(_: WorkerHandle) -> None:
        """Has nothing to tell."""

    handle = WorkerHandle("0", directory / "worker.sock")
    handle.server = Answering(pace)  # type: ignore[assignment]  # in place of a stub
    pool = WorkerPool({}, [handle], Hooks(ready, lambda _: None, lambda: True, lambda: None))
    killed = asyncio.Event()
    pool._processes["0"] = SimpleNamespace(returncode=None, kill=killed.set)  # type: ignore[assignment]
    polling = asyncio.create_task(pool._poll(handle))
    _, pending = await asyncio.wait(
        {polling, asyncio.create_task(killed.wait())}, timeout=1, return_when="FIRST_COMPLETED"
    )
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return pool, killed


async def test_a_worker_that_answers_but_whose_control_loop_stands_still_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, killed = await polled(monkeypatch, tmp_path, pace=0)
    assert killed.is_set()


async def test_a_worker_whose_control_loop_goes_on_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pool, killed = await polled(monkeypatch, tmp_path, pace=1)
    assert not killed.is_set()
    assert "0" in pool.polled
