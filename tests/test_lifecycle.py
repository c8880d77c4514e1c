from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from householdd.lifecycle import ServiceStack, beside


class Journal:
    """Services that write down when they start and stop."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextlib.asynccontextmanager
    async def service(self, name: str, stop: Callable[[], Awaitable[object]] | None = None) -> AsyncIterator[str]:
        self.events.append(f"{name} starts")
        try:
            yield name
        finally:
            if stop is not None:
                await stop()
            self.events.append(f"{name} stopped")

    @contextlib.asynccontextmanager
    async def broken(self) -> AsyncIterator[None]:
        async with self.service("part of broken"):
            in_use()
            yield


def in_use() -> None:
    raise OSError(98, "Address already in use")


async def forever() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise ZeroDivisionError


async def test_services_start_in_order_and_stop_in_reverse() -> None:
    journal = Journal()
    async with ServiceStack() as services:
        assert await services.start("gate", journal.service("gate"), 1) == "gate"
        await services.start("page", journal.service("page"), 1)
        journal.events.append("serving")
    assert journal.events == ["gate starts", "page starts", "serving", "page stopped", "gate stopped"]
    assert not services.failed


async def test_a_failing_start_is_named_and_stops_what_was_started() -> None:
    journal = Journal()

    async def start() -> None:
        async with ServiceStack() as services:
            await services.start("gate", journal.service("gate"), 1)
            await services.start("page", journal.broken(), 1)

    with pytest.raises(OSError, match="Address already in use") as raised:
        await start()
    assert raised.value.__notes__ == ["service: page"]
    assert journal.events == ["gate starts", "part of broken starts", "part of broken stopped", "gate stopped"]


@pytest.mark.parametrize(
    ("stop", "told"), [(forever, "service did not stop in time"), (fail, "service failed to stop")]
)
async def test_a_service_that_does_not_stop_keeps_no_other_from_stopping(
    stop: Callable[[], Awaitable[object]], told: str
) -> None:
    journal = Journal()
    with capture_logs() as logs:
        async with ServiceStack() as services:
            await services.start("first", journal.service("first"), 1)
            await services.start("stuck", journal.service("stuck", stop), 0.01)
            await services.start("last", journal.service("last"), 1)
    assert journal.events[3:] == ["last stopped", "first stopped"]
    assert services.failed
    assert [(line["event"], line["service"]) for line in logs] == [(told, "stuck")]


async def test_a_stop_that_hangs_does_not_hide_why_the_start_failed() -> None:
    journal = Journal()

    async def start() -> None:
        async with ServiceStack() as services:
            await services.start("stuck", journal.service("stuck", forever), 0.01)
            await services.start("page", journal.broken(), 1)

    with capture_logs() as logs, pytest.raises(OSError, match="Address already in use"):
        await start()
    assert [line["event"] for line in logs] == ["service did not stop in time"]


async def test_work_beside_a_block_ends_with_it_and_is_no_failure() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    errors: list[BaseException] = []
    async with beside(work(), errors.append):
        await asyncio.sleep(0)
        assert not ended.is_set()
    assert ended.is_set()
    assert errors == []


async def test_work_that_fails_beside_a_block_is_told_at_once() -> None:
    async def work() -> None:
        raise ValueError("broken")

    errors: list[BaseException] = []
    async with beside(work(), errors.append):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [str(error) for error in errors] == ["broken"]
