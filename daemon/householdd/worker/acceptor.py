"""Accepts connections from a listening socket that all workers share."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Coroutine

import structlog

from householdd.admission.admission import Cause
from householdd.clients.addresses import unmapped
from householdd.clients.proxy_header import ProxyHeaderError
from householdd.http import socket_options
from householdd.worker import proxy_protocol
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.proxy_protocol import ProxyHeaderReader
from householdd.worker.session_manager import SessionManager

log = structlog.get_logger("acceptor")

ACCEPT_RETRY_S = 1.0
"""Seconds until the next try when no descriptor or memory is left for a connection."""

HEAD_START_S = 0.002
"""Seconds that a worker with more connections than another one waits before it accepts. The kernel wakes all workers,
and tends to begin with the same one."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of accept(2) that concern the listener; all others concern the connection."""


class Acceptor:
    """Accepts one connection for each wake-up of the event loop.

    The kernel wakes every idle worker. A busy one comes later, and one with more connections than another waits a
    moment, so that all have about as many. An asyncio server would accept the whole queue at once, and report no
    connection before its TLS is done.
    """

    def __init__(
        self,
        sock: socket.socket,
        manager: SessionManager,
        proxies: ProxyHeaderReader,
        timeout: float,
        open_connection: Callable[[AcceptedSocket], Coroutine[None, None, bool]],
    ) -> None:
        """``sock`` is listening; :meth:`close` closes it.

        ``timeout`` is in seconds, from accept to the end of TLS. ``open_connection`` takes a socket through TLS and
        returns False on failure. After success, :meth:`leave` is called elsewhere.
        """
        self._sock = sock
        self._manager = manager
        self._proxies = proxies
        self._timeout = timeout
        self._open = open_connection
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        """Only set while this worker does not accept."""
        self._exhausted = False
        """Whether the last accept() failed for lack of descriptors or memory."""
        self._sock.setblocking(False)  # noqa: FBT003 - the standard library's parameter

    def start(self) -> None:
        """Begin to accept."""
        self._loop.add_reader(self._sock, self._readable)

    def close(self) -> None:
        """Accept no more connections. Those that were accepted go on."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def leave(self, accepted: AcceptedSocket) -> None:
        """Note that a connection has a session or has ended. Calling it again changes nothing."""
        if self._manager.unfinished.leave(accepted) and not self._proxies.is_proxy(accepted.host):
            self._manager.handshake_ended(accepted)

    def _readable(self) -> None:
        if self._manager.counts.busier_than_least():
            self._pause_for(HEAD_START_S)
        else:
            self._accept()

    def _accept(self) -> None:
        try:
            sock, (host, port, *_) = self._sock.accept()
        except BlockingIOError:
            # Another worker has accepted it.
            return
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._report(error)
                self._pause_for(ACCEPT_RETRY_S)
            return
        if self._exhausted:
            self._exhausted = False
            log.info("accepting connections again")
        sock.setblocking(False)  # noqa: FBT003 - as above
        host = unmapped(host)
        accepted = AcceptedSocket(sock, host, port, lambda: None, self._loop.time() + self._timeout)
        if self._proxies.refuses(host):
            self._manager.refused(Cause.PROXY_HEADER)
            _reset(sock)
        elif self._admits(accepted):
            self._start(accepted)
        else:
            _reset(sock)

    def _admits(self, accepted: AcceptedSocket) -> bool:
        manager = self._manager
        if manager.admission.refuses_connections(accepted.host, manager.clock.now()):
            manager.refused(Cause.BREAKER)
            return False
        host = self._customer_of(accepted)
        if host is not None and manager.work.refuses(host, manager.clock.now()):
            manager.refused(Cause.ADDRESS_WORK)
            return False
        excess = manager.unfinished.enter(accepted, host, manager.admission.limits)
        if excess is None:
            return True
        manager.refused(excess.cause)
        if excess.handshake is accepted:
            return False
        excess.handshake.dropped = True
        excess.handshake.abort()
        return True

    def _customer_of(self, accepted: AcceptedSocket) -> str | None:
        """Return the customer's address; None behind a proxy, where it is not known yet."""
        return None if self._proxies.is_proxy(accepted.host) else accepted.host

    def _start(self, accepted: AcceptedSocket) -> None:
        task = self._loop.create_task(self._follow(accepted))
        accepted.abort = lambda: _give_up(accepted, task)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _follow(self, accepted: AcceptedSocket) -> None:
        opened = False
        try:
            if await self._spoke(accepted):
                if (host := self._customer_of(accepted)) is not None:
                    self._manager.work.handshake(host, self._manager.clock.now())
                opened = await self._open(accepted)
        finally:
            if not opened:
                self.leave(accepted)
                accepted.sock.close()

    async def _spoke(self, accepted: AcceptedSocket) -> bool:
        """Read the PROXY header, if one is expected, and wait for the client's first byte. Return False on failure."""
        try:
            async with asyncio.timeout_at(accepted.deadline):
                accepted.first = await _first_byte(accepted.sock)
                if accepted.spoke and self._proxies.expects(accepted.host):
                    if not self._apply_header(accepted, await proxy_protocol.read(accepted.sock)):
                        return False
                    accepted.first = await _first_byte(accepted.sock)
        except (ProxyHeaderError, OSError) as error:
            # Also a timeout, or a reset.
            if accepted.spoke and self._proxies.expects(accepted.host):
                self._manager.refused(Cause.PROXY_HEADER)
                log.debug("no PROXY header", proxy=accepted.host, problem=str(error) or "too late")
            return False
        return accepted.spoke

    def _apply_header(self, accepted: AcceptedSocket, client: tuple[str, int] | None) -> bool:
        """Apply a PROXY header. Return False if its client must not connect."""
        accepted.first = b""
        if client is None:
            return True
        self._manager.unfinished.leave(accepted)
        accepted.host, accepted.port = client
        return self._admits(accepted)

    def _report(self, error: OSError) -> None:
        if not self._exhausted:
            log.error("cannot accept connections", problem=os.strerror(error.errno or 0), retry=ACCEPT_RETRY_S)
        self._exhausted = True

    def _pause_for(self, seconds: float) -> None:
        # A waiting connection would wake the loop again and again.
        self._loop.remove_reader(self._sock)
        self._pause = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._loop.add_reader(self._sock, self._readable)
        self._accept()


async def _first_byte(sock: socket.socket) -> bytes:
    """Wait for the first byte and return it, unread; empty at the end of the stream."""
    await socket_options.readable(sock)
    return sock.recv(1, socket.MSG_PEEK)


def _reset(sock: socket.socket) -> None:
    """Close by a reset, which leaves nothing behind in the kernel."""
    with contextlib.suppress(OSError):
        socket_options.reset_on_close(sock)
    sock.close()


def _give_up(accepted: AcceptedSocket, task: asyncio.Task[None]) -> None:
    with contextlib.suppress(OSError):
        socket_options.reset_on_close(accepted.sock)
    # The task closes the socket.
    task.cancel()
