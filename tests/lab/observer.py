"""Watches a daemon through its control API, as an operator in a hurry would, and times the answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc

from household.v1 import session_pb2 as pb
from household.v1 import session_service_pb2
from tests.daemon import Daemon
from tests.lab import kernel
from tests.lab.netns import Namespace

PERIOD = 0.02
"""Seconds between two looks at the sessions: how exactly an end is timed."""

_SERVER_EVERY = 5
"""Looks at the sessions for each look at the daemon, the kernel's buffers included."""


@dataclass
class Track:
    """What was seen of one session. Times are monotonic, and late by up to a period and an answer."""

    session: pb.Session
    """As last seen while it lived."""
    first_seen: float
    rises: list[float] = field(default_factory=list)
    """When the sum of its payload was seen to have grown."""
    gone_at: float | None = None
    """When it was first missing from the list."""
    states: list[tuple[float, pb.SessionState.ValueType]] = field(default_factory=list)
    """Each state it was seen to enter."""

    verdicts: set[str] = field(default_factory=set)
    """What was said of it: ``FROZEN``."""
    longest_round_trip: float = 0.0
    """By its pings, in seconds: with what waits in the server's own buffers."""

    @property
    def client_port(self) -> int:
        """The client's port."""
        return int(self.session.peer_address.rpartition(":")[2])

    def payload_after(self, moment: float) -> float:
        """Seconds from a monotonic time to the last payload; 0 when there was none."""
        return max(self.rises[-1] - moment, 0.0) if self.rises else 0.0

    def gone_after(self, moment: float) -> float | str:
        """Seconds from a monotonic time to the end, or that there was none."""
        return "never" if self.gone_at is None else self.gone_at - moment

    def state_at(self, moment: float) -> str:
        """The state it was in: ``QUIET``."""
        before = [state for at, state in self.states if at <= moment] or [self.states[0][1]]
        return pb.SessionState.Name(before[-1]).removeprefix("SESSION_STATE_")

    def entered(self, state: pb.SessionState.ValueType, since: float) -> float | None:
        """When it was first seen to enter ``state`` after the time ``since``; None when it did not."""
        return next((at for at, seen in self.states if at >= since and seen == state), None)


class Observer:
    """Looks until it is stopped."""

    def __init__(self, daemon: Daemon, server: Namespace, of: str) -> None:
        """``of`` is a filter of ListSessions; the others are not watched."""
        self.tracks: dict[str, Track] = {}
        self.slowest_answer = 0.0
        """Seconds the control API took at most for an answer."""
        self.failures: list[str] = []
        """Calls that were not answered."""
        self.most_buffered = 0
        """Bytes in user space, all sessions together."""
        self.most_queued: dict[int, int] = {}
        """Bytes in the kernel by client port."""
        self.most_round_trip: dict[int, float] = {}
        """The kernel's smoothed round trip in seconds, by client port."""
        self.most_descriptors = 0
        self._daemon = daemon
        self._server = server
        self._of = of
        self._port = int(daemon.url.rstrip("/").rpartition(":")[2])
        self._stop = threading.Event()
        self._slow_before = daemon.get_server().workers[0].control_loop.slow_passes
        self._thread = threading.Thread(target=self._watch, name="observer")
        self._thread.start()

    @property
    def live(self) -> list[Track]:
        """The sessions that have not gone."""
        return [track for track in list(self.tracks.values()) if track.gone_at is None]

    @property
    def slow_passes(self) -> int:
        """The control loop's slow passes since the observation began."""
        return self._daemon.get_server().workers[0].control_loop.slow_passes - self._slow_before

    @property
    def longest_gap(self) -> float:
        """Longest seconds between two of its passes since the daemon started."""
        return self._daemon.get_server().workers[0].control_loop.longest_gap.ToNanoseconds() / 1e9

    def stop(self) -> None:
        """Ends the watch."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        looks = 0
        at = time.monotonic()
        while not self._stop.is_set():
            try:
                self._look()
                if looks % _SERVER_EVERY == 0:
                    self._measure()
            except grpc.RpcError as error:
                self.failures.append(str(error))
            looks += 1
            at = max(at + PERIOD, time.monotonic())
            self._stop.wait(at - time.monotonic())

    def _look(self) -> None:
        began = time.monotonic()
        request = session_service_pb2.ListSessionsRequest(page_size=1000, filter=self._of)
        answer = self._daemon.sessions.ListSessions(request, timeout=10)
        now = time.monotonic()
        self.slowest_answer = max(self.slowest_answer, now - began)
        if answer.unreachable_workers:
            # What is missing from this answer has not gone.
            self.failures.extend(worker.reason for worker in answer.unreachable_workers)
            return
        sessions: dict[str, pb.Session] = {session.id: session for session in answer.sessions}
        for key, session in sessions.items():
            track = self.tracks.get(key)
            if track is None:
                track = Track(session, first_seen=now, states=[(now, session.state)])
                self.tracks[key] = track
            if session.sent_bytes > track.session.sent_bytes:
                track.rises.append(now)
            if session.state != track.states[-1][1]:
                track.states.append((now, session.state))
            track.verdicts.add(pb.Verdict.Name(session.verdict).removeprefix("VERDICT_"))
            round_trip = session.round_trip.ToNanoseconds() / 1e9
            track.longest_round_trip = max(track.longest_round_trip, round_trip)
            track.session = session
        for track in self.live:
            if track.session.id not in sessions:
                track.gone_at = now

    def _measure(self) -> None:
        census = self._daemon.get_server().workers[0].census
        self.most_buffered = max(self.most_buffered, census.buffered_bytes)
        self.most_descriptors = max(self.most_descriptors, census.file_descriptors)
        for connection in kernel.sockets(self._server, self._port):
            port = connection.client_port
            self.most_queued[port] = max(self.most_queued.get(port, 0), connection.queued)
            self.most_round_trip[port] = max(self.most_round_trip.get(port, 0.0), connection.round_trip)


@contextmanager
def observing(daemon: Daemon, server: Namespace, of: str = "") -> Iterator[Observer]:
    """A watch for the length of a block."""
    observer = Observer(daemon, server, of)
    try:
        yield observer
    finally:
        observer.stop()
