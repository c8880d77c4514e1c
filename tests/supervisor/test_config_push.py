"""Workers that are told by stubs: what a real one does not do is refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from household.v1 import config_service_pb2 as pb
from household.v1.server_service_pb2 import WORKER_STATE_READY
from householdd.api.errors import Refusal
from householdd.api.runtime_config import RuntimeConfig
from householdd.config.profiles import read_profiles
from householdd.settings.definitions import Limits
from householdd.settings.runtime import Catalogue, RuntimeSettings
from householdd.supervisor.config_push import push
from householdd.supervisor.worker_calls import WorkerHandle

CATALOGUE = Catalogue(read_profiles(None))
SEVEN = RuntimeSettings(limits=Limits(max_sessions=7))


class Worker:
    """Takes every configuration, or answers with an error."""

    def __init__(self, error: grpc.StatusCode | None = None) -> None:
        self.error = error
        self.sessions_allowed: list[int] = []

    async def UpdateRuntimeConfig(self, request: pb.UpdateRuntimeConfigRequest, timeout: float) -> None:
        assert timeout > 0
        if self.error is not None:
            metadata = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(self.error, metadata, metadata, "there is no room")
        self.sessions_allowed.append(request.config.limits.max_sessions)


def handles(*workers: Worker) -> list[WorkerHandle]:
    made = []
    for index, worker in enumerate(workers):
        handle = WorkerHandle(str(index), Path())
        handle.state = WORKER_STATE_READY
        handle.config = worker  # type: ignore[assignment]  # in place of a stub
        made.append(handle)
    return made


def config_of(*workers: Worker) -> tuple[RuntimeConfig, list[WorkerHandle]]:
    made = handles(*workers)

    async def apply(before: RuntimeSettings, after: RuntimeSettings) -> Any:
        return await push(made, before, after)

    return RuntimeConfig(CATALOGUE, CATALOGUE.defaults, {}, apply), made


async def test_a_change_that_one_worker_refuses_is_taken_back_at_the_others() -> None:
    willing, refusing = Worker(), Worker(grpc.StatusCode.INTERNAL)
    config, _ = config_of(willing, refusing)
    before = config.current
    with pytest.raises(Refusal, match=r"^refused, and nothing was changed: worker 1: there is no room$"):
        await config.set(SEVEN, ["limits.max_sessions"])
    assert willing.sessions_allowed == [7, 8000]
    assert config.current == before


async def test_a_worker_that_does_not_answer_is_named_and_told_later() -> None:
    willing, absent = Worker(), Worker(grpc.StatusCode.UNAVAILABLE)
    config, (first, second) = config_of(willing, absent)
    settings, missing = await config.set(SEVEN, ["limits.max_sessions"])
    assert settings.limits.max_sessions == 7
    assert [each.worker for each in missing] == ["1"]
    assert (first.stale, second.stale) == (False, True)


async def test_nobody_is_told_what_is_in_force_already() -> None:
    worker = Worker()
    config, _ = config_of(worker)
    await config.set(CATALOGUE.defaults, ["limits.max_sessions"])
    assert worker.sessions_allowed == []
