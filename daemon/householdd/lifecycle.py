"""Services of a process: started in order, stopped in reverse order, each within a time of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import structlog

log = structlog.get_logger("lifecycle")

T = TypeVar("T")


class ServiceStack(contextlib.AsyncExitStack):
    """Stops its services in reverse order when it is left, also after a failed start.

    A service that hangs or fails while it stops is logged and left behind; the others stop all the same.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failed = False
        """Set once, when a service did not stop as it should."""

    async def start(self, name: str, service: contextlib.AbstractAsyncContextManager[T], stop_timeout_s: float) -> T:
        """Start ``service`` and return what it provides. It has ``stop_timeout_s`` to stop."""
        try:
            provided = await service.__aenter__()
        except Exception as error:
            error.add_note(f"service: {name}")
            raise
        self.on_stop(name, partial(service.__aexit__, None, None, None), stop_timeout_s)
        return provided

    def on_stop(self, name: str, stop: Callable[[], Awaitable[object]], timeout_s: float) -> None:
        """Have ``stop`` called for the service ``name`` when its turn comes."""
        self.push_async_callback(self._stop, name, stop, timeout_s)

    async def _stop(self, name: str, stop: Callable[[], Awaitable[object]], timeout_s: float) -> None:
        bound = asyncio.timeout(timeout_s)
        try:
            async with bound:
                await stop()
        except Exception:
            self.failed = True
            if bound.expired():
                log.error("service did not stop in time", service=name, timeout=timeout_s)
            else:
                log.exception("service failed to stop", service=name)


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, object], failed: Callable[[BaseException], object]) -> AsyncIterator[None]:
    """Run ``work`` beside the block and cancel it at the end; ``failed`` is called at once with an error of it."""

    def ended(task: asyncio.Task[object]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            failed(error)

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
