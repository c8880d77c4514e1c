"""One session as the control API shows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from household.v1 import session_pb2, session_service_pb2
from tests.daemon import TIMEOUT_S, Daemon


def get(daemon: Daemon, session_id: str) -> session_pb2.Session:
    """The session, live or ended."""
    request = session_service_pb2.GetSessionRequest(id=session_id)
    session: session_pb2.Session = daemon.sessions.GetSession(request, timeout=10).session
    return session


def closed(daemon: Daemon, session_id: str) -> session_pb2.Session:
    """The session once it has ended; fails when it does not."""
    deadline = time.monotonic() + TIMEOUT_S
    while (session := get(daemon, session_id)).state != session_pb2.SESSION_STATE_CLOSED:
        if time.monotonic() > deadline:
            raise AssertionError(f"not ended within {TIMEOUT_S:g} s: {session}")
        time.sleep(0.02)
    return session


async def becomes(
    daemon: Daemon, session_id: str, condition: Callable[[session_pb2.Session], object]
) -> session_pb2.Session:
    """The session once ``condition`` holds for it; clients of the same event loop go on meanwhile."""
    async with asyncio.timeout(TIMEOUT_S):
        # Nothing but another look tells that a session in another process has changed.
        while not condition(session := await asyncio.to_thread(get, daemon, session_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return session
