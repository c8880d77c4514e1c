"""An accepted connection up to the response to its request."""

from __future__ import annotations

import contextlib

from householdd.http import socket_options
from householdd.http.connection import HttpConnection
from householdd.worker.accepted_socket import AcceptedSocket


class AcceptedConnection(HttpConnection):
    """An HTTP connection that knows its accepted socket."""

    __slots__ = ("accepted",)

    def __init__(self, accepted: AcceptedSocket, timeout: float) -> None:
        super().__init__(timeout)
        self.accepted = accepted

    def abort(self) -> None:
        """End the connection now, and drop unsent bytes, in the kernel too."""
        # A closing transport may have closed the socket already.
        with contextlib.suppress(OSError):
            socket_options.reset_on_close(self.accepted.sock)
        self.transport.abort()
