"""A server that opens sessions and counts them, for runs of a second."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.http11 import Request, Response

INTRODUCTION = {"activity_type": "bulk_transfer", "download_mbps": 1, "upload_mbps": 1}
FIGURES = {"elapsed_seconds": 1.0, "server_received_bytes": 0, "target_download_mbps": 1.0}
PORTION = bytes(4096)
INTERVAL_S = 0.01


class SmallServer:
    """Introduces each session, and answers pings. It refuses ``backup`` from some session on.

    It says in the session of number ``late`` that it was overloaded. With ``sends``, every Computer gets the same rate,
    however many there are; beyond ``computers`` at once they are refused, or with ``silent`` not introduced.
    """

    def __init__(
        self,
        backups: int,
        status: HTTPStatus,
        late: int = -1,
        *,
        sends: bool = False,
        computers: int = 99,
        silent: bool = False,
    ) -> None:
        self.entered: list[str] = []
        self.queries: list[str] = []
        self._backups = backups
        self._status = status
        self._late = late
        self._sends = sends
        self._computers = computers
        self._silent = silent
        self._playing = 0
        self._lock = threading.Lock()

    @contextmanager
    def running(self) -> Iterator[str]:
        with serve(self._talk, "127.0.0.1", 0, process_request=self._request, compression=None) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.socket.getsockname()[1]}/"
            finally:
                server.shutdown()
                thread.join()

    def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        path, _, query = request.path.rpartition("/")[2].partition("?")
        who = path.partition("_")[0]
        with self._lock:
            if who == "backup" and self.entered.count("backup") >= self._backups:
                return connection.respond(self._status, "no")
            if who == "computer":
                if self._playing >= self._computers and not self._silent:
                    return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "no")
                self._playing += 1
            self.entered.append(who)
            self.queries.append(f"{who} {query.partition('&')[2]}".strip())
        return None

    def _talk(self, connection: ServerConnection) -> None:
        request = connection.request
        who = request.path.rpartition("/")[2].partition("_")[0] if request else ""
        number = len(self.entered) - 1
        if not (self._silent and who == "computer" and self._playing > self._computers):
            connection.send(json.dumps({"type": "session_info", "profile": INTRODUCTION}))
        over = threading.Event()
        sending = threading.Thread(target=_send, args=(connection, over))
        if self._sends and who == "computer":
            sending.start()
        try:
            for text in connection:
                message = json.loads(text)
                if message["type"] == "stop_test":
                    figures = {**FIGURES, "server_overloaded": number == self._late}
                    connection.send(json.dumps({"type": "session_complete", **figures}))
                    return
                connection.send(json.dumps({"type": "pong", "sequence": message.get("sequence")}))
        finally:
            over.set()
            if who == "computer":
                with self._lock:
                    self._playing -= 1


def _send(connection: ServerConnection, over: threading.Event) -> None:
    with suppress(ConnectionClosed):
        while not over.wait(INTERVAL_S):
            connection.send(PORTION)
