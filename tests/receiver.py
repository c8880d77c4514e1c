"""A webhook receiver: a real HTTP server that answers as told and records requests."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """Answers with ``answers`` in turn, then with 204."""

    def __init__(self, port: int, tls: ssl.SSLContext | None) -> None:
        self.received: list[Received] = []
        self.answers: deque[int | bytes] = deque()
        """A status, or the beginning of an answer that never completes."""
        self.retry_after: str | None = None
        """Retry-After header of unsuccessful answers."""
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.port = self.server.server_port
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def ids(self) -> list[str]:
        """Ids of the deliveries, in order."""
        return [each.headers["webhook-id"] for each in self.received]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, headers, body))
                answer = receiver.answers.popleft() if receiver.answers else 204
                if isinstance(answer, bytes):
                    self._drip(answer)
                    return
                self.send_response(answer)
                if answer in (301, 307):
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                if answer >= 300 and receiver.retry_after is not None:
                    self.send_header("Retry-After", receiver.retry_after)
                self.end_headers()

            def _drip(self, answer: bytes) -> None:
                with contextlib.suppress(OSError):
                    for byte in answer:
                        self.wfile.write(bytes([byte]))
                        if receiver.released.wait(0.05):
                            break
                receiver.released.wait()

            def log_message(self, *_arguments: object) -> None: ...

        return Handler


@contextlib.contextmanager
def receiving(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver for a block, on a loopback ``port`` or a free one."""
    receiver = Receiver(port, tls)
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
