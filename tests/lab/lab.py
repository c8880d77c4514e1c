"""A daemon in a network, and what tests do with both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from household.v1 import server_service_pb2, session_pb2, session_service_pb2
from tests.daemon import TIMEOUT_S, Daemon, wait_until
from tests.lab.network import Network
from tests.lab.observer import Observer, Track, observing
from tests.lab.players import Player, player
from tests.lab.wire import Wire, capture

HOUSEHOLD = ("alex", "sarah", "jake", "computer")


@dataclass(frozen=True)
class Lab:
    """A network with a daemon at its server's end."""

    network: Network
    daemon: Daemon

    @contextmanager
    def play(self, behaviour: str, users: list[str], rate: int = 0) -> Iterator[Player]:
        """A player for the length of a block, and until its sessions are gone: the next test finds the daemon idle."""
        with player(self.daemon, self.network.client, behaviour, users, rate) as playing:
            yield playing
        self.network.restore()
        self.kill_all()

    @contextmanager
    def watch(self, of: str = "") -> Iterator[tuple[Observer, Wire]]:
        """An observer of the sessions that match the filter ``of``, and a capture of all."""
        port = int(self.daemon.url.rstrip("/").rpartition(":")[2])
        with ExitStack() as stack:
            wire = stack.enter_context(capture(self.network, port))
            yield stack.enter_context(observing(self.daemon, self.network.server, of)), wire

    def census(self) -> server_service_pb2.Census:
        """What the worker holds now."""
        return self.daemon.get_server().workers[0].census

    def holds_no_more_than(self, idle: server_service_pb2.Census) -> bool:
        """Whether no session or connection is left, nor a task or descriptor that ``idle`` did not have."""
        now = self.census()
        return (now.sessions, now.connections, now.buffered_bytes) == (0, 0, 0) and (
            now.tasks <= idle.tasks and now.file_descriptors <= idle.file_descriptors
        )

    def set_timeouts(self, **seconds: float) -> None:
        """Changes deadlines as an operator does."""
        done = self.daemon.ctl("timeouts", "set", *(f"{name}={value:g}s" for name, value in seconds.items()))
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def close_reason(self, track: Track) -> str:
        """Why a session ended: ``PROBES_FAILED``; empty while it lives."""
        request = session_service_pb2.GetSessionRequest(id=track.session.id)
        session: session_pb2.Session = self.daemon.sessions.GetSession(request, timeout=10).session
        if session.state != session_pb2.SESSION_STATE_CLOSED:
            return ""
        return session_pb2.CloseReason.Name(session.close_reason).removeprefix("CLOSE_REASON_")

    def kill_all(self) -> None:
        """Ends what sessions there are."""
        request = session_service_pb2.KillSessionsRequest(all=True, reason="the scenario is over")
        self.daemon.sessions.KillSessions(request, timeout=10)
        wait_until(lambda: not self.daemon.list_sessions(), "the end of all sessions")


def flowing(observer: Observer, users: list[str]) -> dict[str, Track]:
    """The sessions of ``users``, once payload flows to each of them."""
    names = [user.partition("?")[0] for user in users]

    def all_there() -> bool:
        there = {track.session.user_id for track in observer.live if track.session.sent_bytes}
        return there >= set(names)

    wait_until(all_there, f"payload to {', '.join(names)}")
    return {track.session.user_id: track for track in observer.live}


def wait_for_age(track: Track, seconds: float) -> None:
    """Returns when the session is ``seconds`` old, by when it was first seen."""
    time.sleep(max(track.first_seen + seconds - time.monotonic(), 0.0))


def wait_at_most(condition: Callable[[], object], seconds: float = TIMEOUT_S) -> bool:
    """Whether ``condition`` came to hold within ``seconds``; a lab reports what did not happen instead of failing."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
