"""One daemon with an honest session; whatever a test does to it, that goes on and everything is given back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from household.v1 import session_pb2 as pb
from tests.abuse.honest import Honest
from tests.abuse.wire import Wire, held
from tests.daemon import CROWD, Daemon, running, wait_until
from tests.worker import sessions
from tests.worker.raw_client import RawClient

Open = Callable[[], Wire]
OpenSession = Callable[..., RawClient]


@pytest.fixture(scope="package")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon without limits on those who come and go: here they are all at one address."""
    with running(tmp_path_factory.mktemp("daemon"), env=CROWD) as daemon:
        yield daemon


@pytest.fixture(scope="package")
def honest(target: Daemon) -> Iterator[Honest]:
    """A session that nobody may disturb."""
    with Honest(target) as honest:
        yield honest


@pytest.fixture(autouse=True)
def _given_back_and_undisturbed(target: Daemon, honest: Honest) -> Iterator[None]:
    yield
    alone = (1, 1, 1, 1)
    wait_until(lambda: held(target) == alone, f"only the honest session is left: {alone}, not {held(target)}")
    before = honest.received_bytes
    wait_until(lambda: honest.received_bytes > before, "payload for the honest session goes on")
    session = sessions.get(target, honest.session_id)
    assert session.state in (pb.SESSION_STATE_ACTIVE, pb.SESSION_STATE_QUIET)
    assert target.events("session failed") == []


@pytest.fixture
def connect(target: Daemon) -> Iterator[Open]:
    """Opens TLS connections that say nothing by themselves; they are closed at the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Wire(target, target.tls))


@pytest.fixture
def connect_plain(target: Daemon) -> Iterator[Open]:
    """The same without TLS, before which nothing is said."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Wire(target, None))


@pytest.fixture
def enter(target: Daemon) -> Iterator[OpenSession]:
    """Opens sessions that do nothing by themselves; their sockets are closed at the end."""
    with ExitStack() as stack:

        def enter(user_id: str = "alex", receive_buffer: int | None = None) -> RawClient:
            raw = RawClient(target, user_id, receive_buffer)
            stack.callback(raw.close)
            return raw

        yield enter
