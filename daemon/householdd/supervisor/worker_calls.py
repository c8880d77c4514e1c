"""Handles of the workers, and calls to all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import grpc
import grpc.aio

from household.v1 import (
    config_service_pb2_grpc,
    server_service_pb2,
    server_service_pb2_grpc,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)
from householdd.api import convert, merge
from householdd.supervisor.counter_aggregate import CounterAggregate

CALL_TIMEOUT_S = 2.0
"""Seconds that a worker has to answer a call of the daemon, or less if the caller has less."""

GONE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
"""Codes that mean that there was no answer."""

T = TypeVar("T")


class WorkerHandle:
    """One worker across its restarts. The pool keeps it up to date."""

    def __init__(self, name: str, socket_path: Path) -> None:
        self.name = name
        self.socket_path = socket_path
        self.state = server_service_pb2.WORKER_STATE_STARTING
        self.detail = ""
        """Words about a state that is not READY."""
        self.pid = 0
        """0 while no process runs."""
        self.restarts = 0
        self.started_wall = 0.0
        self.latest: server_service_pb2.Server | None = None
        """Latest state of the running process; None before its first answer."""
        self.past = server_service_pb2.Totals()
        """Totals of the worker's earlier processes."""
        self.counters = CounterAggregate()
        """Counters for the metrics."""
        self.stale = False
        """Whether the process missed a change; the pool briefs it again at the next poll."""
        self.ready = asyncio.Event()
        """Set while the process has a socket to call, responsive or not."""
        self._channel: grpc.aio.Channel | None = None
        self.sessions: session_service_pb2_grpc.SessionServiceAsyncStub
        """Set, as the other stubs are, once the process has served its socket."""
        self.server: server_service_pb2_grpc.ServerServiceAsyncStub
        self.config: config_service_pb2_grpc.ConfigServiceAsyncStub

    async def connect(self) -> None:
        """Connect to a process that serves its socket."""
        await self.disconnect()
        self._channel = grpc.aio.insecure_channel(f"unix:{self.socket_path}")
        self.sessions = session_service_pb2_grpc.SessionServiceStub(self._channel)
        self.server = server_service_pb2_grpc.ServerServiceStub(self._channel)
        self.config = config_service_pb2_grpc.ConfigServiceStub(self._channel)
        self.ready.set()

    async def disconnect(self) -> None:
        """Disconnect from a process that has ended or is about to."""
        self.ready.clear()
        if self._channel is not None:
            channel, self._channel = self._channel, None
            # Calls under way end by themselves, without an answer. Closing without that grace would raise
            # CancelledError in their callers, as if these had been cancelled themselves.
            await channel.close(grace=CALL_TIMEOUT_S + 1)

    def heard(self, server: server_service_pb2.Server) -> None:
        """Takes what the process says of itself; not from one that has ended, and not what is older than is known.

        Answers can come late: to a call that waited for other workers, or that another one overtook.
        """
        if server.workers[0].pid != self.pid:
            return
        if self.latest is None or convert.seconds(server.uptime) >= convert.seconds(self.latest.uptime):
            self.latest = server

    def retire(self) -> None:
        """Keeps the sums of a process that has ended; its live sessions count as lost."""
        self.counters.retire()
        if self.latest is None:
            return
        last, self.latest = self.latest, None
        if last.sessions:
            last.totals.sessions_closed.add(reason=session_pb2.CLOSE_REASON_WORKER_LOST, count=last.sessions)
        merge.add_totals(self.past, last.totals)

    def message(self) -> server_service_pb2.Worker:
        """The worker as it is known now."""
        message = server_service_pb2.Worker()
        if self.latest is not None:
            message.CopyFrom(self.latest.workers[0])
        message.name = self.name
        message.state = self.state
        message.detail = self.detail
        message.pid = self.pid
        message.restarts = self.restarts
        message.started_at.CopyFrom(convert.timestamp(self.started_wall))
        return message


@dataclass
class WorkerAnswers(Generic[T]):
    """Answers to a call to all workers."""

    given: list[tuple[WorkerHandle, T]] = field(default_factory=list)
    missing: list[session_service_pb2.UnreachableWorker] = field(default_factory=list)

    def messages(self) -> list[T]:
        """Return the answers without their workers."""
        return [answer for _, answer in self.given]


async def tell_all(
    workers: Sequence[WorkerHandle],
    call: Callable[[WorkerHandle, float], Awaitable[T]],
    context: grpc.aio.ServicerContext[Any, Any] | None = None,
    *,
    every_error: bool = False,
) -> list[session_service_pb2.UnreachableWorker]:
    """Makes a call that changes something to every worker; who missed it, and is told again once they answer.

    ``every_error`` is that of ``ask_all``.
    """
    missing = (await ask_all(workers, call, context, every_error=every_error)).missing
    names = {each.worker for each in missing}
    for worker in workers:
        worker.stale = worker.stale or worker.name in names
    return missing


async def ask_all(
    workers: Sequence[WorkerHandle],
    call: Callable[[WorkerHandle, float], Awaitable[T]],
    context: grpc.aio.ServicerContext[Any, Any] | None = None,
    deadline: float = CALL_TIMEOUT_S,
    *,
    every_error: bool = False,
) -> WorkerAnswers[T]:
    """Makes ``call(worker, timeout)`` to every worker at once.

    A worker that is not there or does not answer in time is named in ``missing``, never waited for beyond the
    deadline, nor beyond nine tenths of the time that the caller of ``context`` has left. Other errors of a worker are
    raised as they are; with ``every_error`` they too make it missing.
    """
    remaining = context.time_remaining() if context is not None else None
    timeout = deadline if remaining is None else min(deadline, remaining * 0.9)
    answers = WorkerAnswers[T]()

    async def ask(worker: WorkerHandle) -> None:
        if worker.state != server_service_pb2.WORKER_STATE_READY:
            answers.missing.append(_missing(worker, worker.detail or "not ready"))
            return
        try:
            answers.given.append((worker, await call(worker, timeout)))
        except grpc.aio.AioRpcError as error:
            if error.code() in GONE:
                answers.missing.append(_missing(worker, f"did not answer within {timeout:.1f} s"))
            elif every_error:
                answers.missing.append(_missing(worker, error.details() or "failed"))
            else:
                raise

    await asyncio.gather(*(ask(worker) for worker in workers))
    answers.given.sort(key=lambda each: each[0].name)
    return answers


def _missing(worker: WorkerHandle, reason: str) -> session_service_pb2.UnreachableWorker:
    return session_service_pb2.UnreachableWorker(worker=worker.name, reason=reason)
