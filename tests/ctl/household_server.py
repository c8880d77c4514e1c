"""A small server of the household WebSocket protocol that can be told not to clean up."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from household.v1.session_pb2 import SessionState
from tests.ctl.fake_daemon import FakeDaemon, session

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

_TICK_S = 0.01
_PAYLOAD = bytes(1000)


class Fault(Enum):
    """What the server does wrong."""

    NONE = "nothing"
    KEEPS_SESSIONS = "sessions of clients that are gone stay"
    KEEPS_SENDING = "sessions end, but their traffic is still produced"
    HANGS_UP = "it closes every session at once"
    SENDS_NOTHING = "no payload comes"
    BABBLES = "its text frames are no JSON"
    NO_STATS = "it publishes no statistics"


class HouseholdServer:
    """Serves while it is :meth:`running`; mirrors its sessions into the fake daemon, when there is one."""

    def __init__(self, fault: Fault = Fault.NONE, daemon: FakeDaemon | None = None) -> None:
        self.fault = fault
        self.daemon = daemon
        self.active_sessions = 0
        self.sent_bytes = 0
        self.answers: list[str] = []
        self.paths: list[str] = []
        self.url = ""
        self._lock = threading.Lock()
        self._over = threading.Event()

    @contextmanager
    def running(self, tls: ssl.SSLContext | None = None) -> Iterator[HouseholdServer]:
        with serve(
            self._session, "127.0.0.1", 0, ssl=tls, process_request=self._request, compression=None, ping_interval=None
        ) as server:
            self.url = f"{'wss' if tls else 'ws'}://127.0.0.1:{server.socket.getsockname()[1]}"
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield self
            finally:
                self._over.set()
                server.shutdown()
                thread.join()

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path == "/virtual-household/stats" and self.fault is not Fault.NO_STATS:
            with self._lock:
                stats = {"active_sessions": self.active_sessions, "sent_bytes": self.sent_bytes}
            body = json.dumps(stats).encode()
            return Response(200, "OK", Headers({"Content-Length": str(len(body)), "Connection": "close"}), body)
        if not path.startswith("/ws/virtual-household/"):
            return connection.respond(HTTPStatus.NOT_FOUND, "no such page\n")
        return None

    def _session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        if self.fault is Fault.HANGS_UP:
            return
        # Far from the numbers of sessions that a test puts into the daemon.
        number = 1000 + len(self.paths)
        self._enter(number, connection.request.path)
        with suppress(ConnectionClosed):
            self._talk(connection)
        while self.fault is Fault.KEEPS_SESSIONS and not self._over.is_set():
            self._over.wait(_TICK_S)
        self._leave(number)
        while self.fault is Fault.KEEPS_SENDING and not self._over.is_set():
            self._count(len(_PAYLOAD))
            self._over.wait(_TICK_S)

    def _talk(self, connection: ServerConnection) -> None:
        connection.send("{" if self.fault is Fault.BABBLES else json.dumps({"type": "session_info"}))
        connection.send(json.dumps({"type": "connection_test", "user_id": "u", "timestamp": 1}))
        connection.send(json.dumps({"type": "ping", "user_id": "u", "sequence": 5, "timestamp": 2, "server_time": 3}))
        connection.send(json.dumps({"type": "real_upload_request", "target_bytes": 100}))
        while not self._over.is_set():
            if self.fault is not Fault.SENDS_NOTHING:
                connection.send(_PAYLOAD)
                self._count(len(_PAYLOAD))
            with suppress(TimeoutError):
                message = connection.recv(timeout=_TICK_S)
                self.answers.append(message if isinstance(message, str) else f"{len(message)} bytes")
            time.sleep(_TICK_S)

    def _count(self, sent: int) -> None:
        with self._lock:
            self.sent_bytes += sent
            if self.daemon:
                self.daemon.server.totals.sent_bytes = self.sent_bytes

    def _enter(self, number: int, path: str) -> None:
        with self._lock:
            self.active_sessions += 1
            if self.daemon:
                test_id = parse_qs(urlsplit(path).query)["test_id"][0]
                self.daemon.sessions.append(session(number, test_id=test_id))
                self.daemon.server.sessions = self.active_sessions

    def _leave(self, number: int) -> None:
        with self._lock:
            self.active_sessions -= 1
            if self.daemon:
                ended = next(live for live in self.daemon.sessions if live.id == session(number).id)
                self.daemon.sessions.remove(ended)
                ended.state = SessionState.SESSION_STATE_CLOSED
                self.daemon.closed.append(ended)
                self.daemon.server.sessions = self.active_sessions
