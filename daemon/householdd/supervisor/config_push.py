"""Pushing the runtime settings to the workers: to all of them or to none."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
import grpc.aio
import structlog

from household.v1 import config_service_pb2 as pb
from household.v1.session_service_pb2 import UnreachableWorker
from householdd.api import config_messages
from householdd.api.errors import Refusal
from householdd.settings.runtime import RuntimeSettings
from householdd.supervisor.worker_calls import GONE, WorkerHandle, tell_all

log = structlog.get_logger("config")


async def tell(worker: WorkerHandle, settings: RuntimeSettings, timeout: float) -> None:
    """Put the settings in force at a worker."""
    request = pb.UpdateRuntimeConfigRequest(config=config_messages.config(settings))
    request.update_mask.paths.extend(settings.by_path())
    await worker.config.UpdateRuntimeConfig(request, timeout=timeout)


async def push(
    workers: Sequence[WorkerHandle], before: RuntimeSettings, after: RuntimeSettings
) -> list[UnreachableWorker]:
    """Put ``after`` in force at all workers; return those that did not answer, which get it when they do.

    If a worker refuses, put ``before`` in force again at the others and raise Refusal.
    """
    refused: list[str] = []

    async def try_to_tell(worker: WorkerHandle, timeout: float) -> None:
        try:
            await tell(worker, after, timeout)
        except grpc.aio.AioRpcError as error:
            if error.code() in GONE:
                raise
            refused.append(f"worker {worker.name}: {error.details()}")

    missing = await tell_all(workers, try_to_tell)
    if refused:
        # A worker that fails here as well gets the settings in force when it next answers.
        await tell_all(workers, lambda worker, timeout: tell(worker, before, timeout), every_error=True)
        raise Refusal(grpc.StatusCode.ABORTED, f"refused, and nothing was changed: {'; '.join(sorted(refused))}")
    old = before.by_path()
    changed = {path: value for path, value in after.by_path().items() if old[path] != value}
    log.info("configuration in force", **changed)
    return missing
