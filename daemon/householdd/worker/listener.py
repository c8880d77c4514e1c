"""A listening socket of the data plane: connections are accepted, taken through TLS, and answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from websockets.http11 import Request, Response

from householdd.admission.run_tokens import RunTokenVerifier
from householdd.clients.origins import Origins
from householdd.clients.proxy_header import ProxyProtocol
from householdd.clients.trusted_proxies import TrustedProxies
from householdd.worker.accepted_connection import AcceptedConnection
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.acceptor import Acceptor
from householdd.worker.connection import Connection
from householdd.worker.handshake import Handshakes
from householdd.worker.proxy_protocol import ProxyHeaderReader
from householdd.worker.session_manager import SessionManager


@dataclass(frozen=True)
class ListenerOptions:
    """How a worker serves its ports."""

    tls: ssl.SSLContext | None
    """Context of the ports with TLS; None serves plain HTTP and WS on them, for a proxy in front."""
    allowed_origins: Collection[str]
    """Origins whose pages may read responses."""
    handshake_timeout: float
    """Seconds for TLS, and again for the upgrade."""
    session_origins: Origins
    """Origins whose pages may open sessions."""
    trusted_proxies: TrustedProxies
    proxy_protocol: ProxyProtocol
    tokens: RunTokenVerifier | None
    """None where no token is required."""
    hsts: bool = False
    """Whether browsers are told to use HTTPS only from now on."""
    legacy: bool = False
    """Whether the warm-up download of the earlier system is served."""


class Listener:
    """Serves one listening socket, which other processes may accept on too."""

    def __init__(
        self, sock: socket.socket, manager: SessionManager, options: ListenerOptions, tls: ssl.SSLContext | None
    ) -> None:
        self._manager = manager
        self._options = options
        timeout = options.handshake_timeout
        self._handshakes = Handshakes(tls, timeout, self.answer, self.open_session, self.leave)
        proxies = ProxyHeaderReader(options.proxy_protocol, options.trusted_proxies)
        self._acceptor = Acceptor(sock, manager, proxies, timeout, self._handshakes.open)

    @contextlib.contextmanager
    def accepting(self) -> Iterator[None]:
        """Accept connections in the block. Those that exist at its end go on, but become no sessions any more."""
        self._acceptor.start()
        try:
            yield
        finally:
            self._handshakes.close()
            self._acceptor.close()

    @property
    def connections(self) -> int:
        """Number of connections beyond TLS that are no sessions."""
        return self._handshakes.count

    async def answer(self, connection: AcceptedConnection, request: Request) -> Response | None:
        """Return the response, or None to complete the upgrade and have :meth:`open_session` called."""
        raise NotImplementedError

    def open_session(self, connection: Connection) -> None:
        """Open a session on a connection whose upgrade is complete."""
        del connection
        raise AssertionError("every request to this port is answered by a response")

    def leave(self, accepted: AcceptedSocket) -> None:
        """Count a connection as pending no more."""
        self._acceptor.leave(accepted)


async def open_spare_descriptor() -> None:
    """Have libuv open the descriptor that it keeps for when there are no more.

    It does so with the first stream. That would be the first client otherwise, and look like a leak.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        transport.abort()
