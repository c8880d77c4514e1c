"""The control API over TCP, for clients with a certificate."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from typing import cast

import structlog

from householdd.api.call_limits import CallLimits
from householdd.api.callers import Caller
from householdd.clients.addresses import Address, host_port
from householdd.config.access import canonical_san
from householdd.supervisor import sockets
from householdd.supervisor.gate.forwarding import ClientEnd
from householdd.supervisor.gate.gate import Gate
from householdd.supervisor.tcp_acceptor import ReadyConnection, TcpAcceptor

log = structlog.get_logger("gate")

_MAX_TIMER_S = 30 * 86400.0
"""Longest life of a connection in seconds, if its certificate is valid for longer."""


class TlsListener:
    """Does the TLS handshake with clients, and passes those with a valid certificate to the gate."""

    def __init__(self, gate: Gate, context: ssl.SSLContext, limits: CallLimits) -> None:
        self._gate = gate
        self.context = context
        """Context of new handshakes; a reload replaces it."""
        self._limits = limits
        self._acceptor = TcpAcceptor(limits.handshakes, limits.first_bytes, self._handshake)
        self._expiries: dict[ClientEnd, asyncio.TimerHandle] = {}

    @contextlib.asynccontextmanager
    async def serving(self, address: Address) -> AsyncIterator[None]:
        """Accept clients at ``address``. Raise DaemonError."""
        with sockets.bind(address, "access.tcp.listen") as sock:
            self._acceptor.start(sock)
            log.info("control API over TCP", address=str(Address(address.host, sock.getsockname()[1])))
            try:
                yield
            finally:
                await self._acceptor.stop()

    async def _handshake(self, accepted: ReadyConnection) -> None:
        loop, peer = asyncio.get_running_loop(), host_port(accepted.host, accepted.port)
        client = ClientEnd(lambda _: None, self._gone)
        try:
            await loop.connect_accepted_socket(
                lambda: client, accepted.sock, ssl=self.context, ssl_handshake_timeout=self._limits.first_bytes
            )
        except OSError as error:
            # A port scan, or a certificate that is not trusted; the client's error says more.
            log.debug("control handshake failed", peer=peer, problem=str(error))
            return
        self._acceptor.prove(accepted.host)
        tls: ssl.SSLObject = client.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert() or {}
        caller = _caller(certificate, peer)
        if tls.selected_alpn_protocol() != "h2":
            self._gate.refuse(client, f"no HTTP/2 by ALPN; actor {caller.actor}")
            return
        self._gate.admit(client, caller)
        left = ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()
        self._expiries[client] = loop.call_later(min(max(left, 0.0), _MAX_TIMER_S), client.transport.abort)
        if client.lost:
            self._gone(client)

    def _gone(self, client: ClientEnd) -> None:
        if expiry := self._expiries.pop(client, None):
            expiry.cancel()
        self._gate.gone(client)


def _caller(certificate: object, peer: str) -> Caller:
    entries = cast("dict[str, tuple[tuple[str, str], ...]]", certificate).get("subjectAltName", ())
    names = [canonical_san(kind, value) for kind, value in entries]
    return Caller(actor=", ".join(names) or "a certificate without names", via=f"tcp, {peer}", names=frozenset(names))
