"""Fixtures of the data plane's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from tests.daemon import Daemon, running
from tests.worker.bench import Bench, benching
from tests.worker.raw_client import RawClient

ConnectRaw = Callable[..., RawClient]


@pytest.fixture(scope="package")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with one worker for all tests here; each leaves it as it was."""
    with running(tmp_path_factory.mktemp("daemon")) as daemon:
        yield daemon


@pytest.fixture
def connect_raw(shared_daemon: Daemon) -> Iterator[ConnectRaw]:
    """Opens raw clients, with RawClient's arguments after the daemon; their sockets are closed at the end."""
    made: list[RawClient] = []

    def connect(user_id: str, receive_buffer: int | None = None, *, answers_pings: bool = False) -> RawClient:
        made.append(RawClient(shared_daemon, user_id, receive_buffer, answers_pings=answers_pings))
        return made[-1]

    yield connect
    for each in made:
        each.close()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A worker's sessions without a network; asynchronous, since connections look for the running event loop."""
    with benching() as made:
        yield made
