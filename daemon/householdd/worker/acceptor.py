"""Takes connections from the listening socket that all workers share."""

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
"""Seconds between two tries where this process or the machine can hold no more connections."""

HEAD_START_S = 0.002
"""Seconds that the other workers have where this one has more connections than one of them. The kernel wakes them all,
and likes to begin with the same one."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of accept(2) that are the listener's. The others are those of the connection that was to be taken."""


class Acceptor:
    """Takes one connection each time that the event loop looks.

    The kernel wakes every worker that sleeps. One that is busy comes later, and one that has more than another waits a
    moment; so all have as many. A server of asyncio's would take whatever waits, and tell of no connection before its
    TLS is done.
    """

    def __init__(
        self,
        sock: socket.socket,
        manager: SessionManager,
        expected: ProxyHeaderReader,
        timeout: float,
        open_connection: Callable[[AcceptedSocket], Coroutine[None, None, bool]],
    ) -> None:
        """``sock`` is listening; it is closed at the end.

        ``expected`` knows the proxies. ``timeout``, in seconds, is for everything up to the end of TLS.
        ``open_connection`` brings a connection to where somebody else follows it, who calls ``leave`` then; False if it
        did not come there.
        """
        self._sock = sock
        self._manager = manager
        self._proxied = expected
        self._timeout = timeout
        self._open = open_connection
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        """Set while this worker does not look for connections."""
        self._exhausted = False
        """Whether that was so at the last try."""
        self._sock.setblocking(False)  # noqa: FBT003 - the standard library's parameter
        self._loop.add_reader(self._sock, self._readable)

    def close(self) -> None:
        """Takes no more connections; those that were taken go on."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def leave(self, arrival: AcceptedSocket) -> None:
        """A connection has a session, or is over. A second time changes nothing."""
        if self._manager.unfinished.leave(arrival) and not self._proxied.is_proxy(arrival.host):
            self._manager.handshake_ended(arrival)

    def _readable(self) -> None:
        if self._manager.counts.busier_than_least():
            self._rest(HEAD_START_S)
        else:
            self._accept()

    def _accept(self) -> None:
        try:
            sock, (host, port, *_) = self._sock.accept()
        except BlockingIOError:
            # Another worker was faster.
            return
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._report(error)
                self._rest(ACCEPT_RETRY_S)
            return
        if self._exhausted:
            self._exhausted = False
            log.info("connections are accepted again")
        sock.setblocking(False)  # noqa: FBT003 - as above
        host = unmapped(host)
        arrival = AcceptedSocket(sock, host, port, lambda: None, self._loop.time() + self._timeout)
        if self._proxied.refuses(host):
            self._manager.refused(Cause.PROXY_HEADER)
            _reset(sock)
        elif self._admits(arrival):
            self._start(arrival)
        else:
            _reset(sock)

    def _admits(self, arrival: AcceptedSocket) -> bool:
        manager = self._manager
        if manager.admission.refuses_connections(arrival.host, manager.clock.now()):
            manager.refused(Cause.BREAKER)
            return False
        host = None if self._proxied.is_proxy(arrival.host) else arrival.host
        excess = manager.unfinished.enter(arrival, host, manager.admission.limits)
        if excess is None:
            return True
        manager.refused(excess.cause)
        if excess.handshake is arrival:
            return False
        excess.handshake.dropped = True
        excess.handshake.abort()
        return True

    def _start(self, arrival: AcceptedSocket) -> None:
        task = self._loop.create_task(self._follow(arrival))
        arrival.abort = lambda: _give_up(arrival, task)
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _follow(self, arrival: AcceptedSocket) -> None:
        opened = False
        try:
            opened = await self._is_there(arrival) and await self._open(arrival)
        finally:
            if not opened:
                self.leave(arrival)
                arrival.sock.close()

    async def _is_there(self, arrival: AcceptedSocket) -> bool:
        """Waits for whom a proxy passes on, and the client's first byte; False where nothing comes of it."""
        try:
            async with asyncio.timeout_at(arrival.deadline):
                arrival.first = await _first_byte(arrival.sock)
                if arrival.spoke and self._proxied.expects(arrival.host):
                    if not self._learns(arrival, await proxy_protocol.read(arrival.sock)):
                        return False
                    arrival.first = await _first_byte(arrival.sock)
        except (ProxyHeaderError, OSError) as error:
            # Also too late, or reset.
            if arrival.spoke and self._proxied.expects(arrival.host):
                self._manager.refused(Cause.PROXY_HEADER)
                log.debug("no PROXY header", proxy=arrival.host, problem=str(error) or "too late")
            return False
        return arrival.spoke

    def _learns(self, arrival: AcceptedSocket, client: tuple[str, int] | None) -> bool:
        """A proxy said whom it passes on, or that it is itself; whether that one may go on."""
        arrival.first = b""
        if client is None:
            return True
        self._manager.unfinished.leave(arrival)
        arrival.host, arrival.port = client
        return self._admits(arrival)

    def _report(self, error: OSError) -> None:
        if not self._exhausted:
            log.error("no connections can be accepted", problem=os.strerror(error.errno or 0), retry=ACCEPT_RETRY_S)
        self._exhausted = True

    def _rest(self, seconds: float) -> None:
        # A connection that waits would wake the loop again and again.
        self._loop.remove_reader(self._sock)
        self._pause = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._loop.add_reader(self._sock, self._readable)
        self._accept()


async def _first_byte(sock: socket.socket) -> bytes:
    """Waits for the first byte, which stays where it is; empty where the end comes instead."""
    await socket_options.readable(sock)
    return sock.recv(1, socket.MSG_PEEK)


def _reset(sock: socket.socket) -> None:
    """Closes a connection by a reset, which leaves nothing behind in the kernel."""
    with contextlib.suppress(OSError):
        socket_options.reset_on_close(sock)
    sock.close()


def _give_up(arrival: AcceptedSocket, task: asyncio.Task[None]) -> None:
    with contextlib.suppress(OSError):
        socket_options.reset_on_close(arrival.sock)
    # It closes the connection.
    task.cancel()
