"""Plain HTTP requests to the data plane's port, paths sent as they are."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from tests.daemon import TIMEOUT_S, Daemon


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(daemon: Daemon, target: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Sends a request; header names are written with underscores for dashes."""
    connection = http.client.HTTPSConnection(daemon.url.split("/")[2], context=daemon.tls, timeout=TIMEOUT_S)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body, sent)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()
