"""The gate in front of the control API.

grpcio would take over a live socket path, make it readable to everyone, and not say who calls. So asyncio owns the
public sockets and learns from the kernel, or from a certificate, who connects. It forwards the bytes to grpcio's own
socket in a private directory, from an address with a random name, which is what grpcio calls the peer of each RPC.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog

from householdd.api.call_limits import CallLimits
from householdd.api.callers import Caller, Connections
from householdd.api.roles import Role, Rules
from householdd.capacity.token_bucket import TokenBucket
from householdd.supervisor.gate import peers
from householdd.supervisor.gate.forwarding import ClientEnd, reach

log = structlog.get_logger("gate")

BACKLOG = 1024
"""Connections that the kernel holds until they are accepted."""

NAME_TIMEOUT_S = 1.0
"""Seconds that a directory service has to name a user, before the number is used."""

_DESCRIPTORS_PER_CONNECTION = 3
"""Files that a connection takes: two of the gate's and one of grpcio's."""

_OTHER_DESCRIPTORS = 256
"""Files that the rest of the daemon may need."""


class Gate:
    """Counts clients and forwards their connections to ``private``; ``rules`` says which are in force."""

    def __init__(self, private: Path, connections: Connections, rules: Callable[[], Rules], limits: CallLimits) -> None:
        self._private = private
        self._connections = connections
        self._rules = rules
        self._limits = limits
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._max_connections = max(
            min(limits.connections, (soft - _OTHER_DESCRIPTORS) // _DESCRIPTORS_PER_CONNECTION - limits.reserve),
            limits.reserve,
        )
        self._clients: dict[ClientEnd, Role] = {}
        """Clients whose caller is known, with its role at connection."""
        self._names: dict[ClientEnd, str] = {}
        """Names of forwarded connections."""
        self._forwarding: set[asyncio.Task[None]] = set()
        self._lines = TokenBucket(0.1, 5, time.monotonic())

    @contextlib.asynccontextmanager
    async def accepting(self, sock: socket.socket) -> AsyncIterator[None]:
        """Accept clients of ``sock``, a listening unix socket. Their connections outlive the block."""
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(lambda: ClientEnd(self._arrived, self.gone), sock=sock, backlog=BACKLOG)
        try:
            yield
        finally:
            server.close()

    async def stop(self) -> None:
        """End every connection."""
        for client in list(self._clients):
            client.finish()
        for task in self._forwarding:
            task.cancel()
        await asyncio.gather(*self._forwarding, return_exceptions=True)

    def _arrived(self, client: ClientEnd) -> None:
        try:
            peer = peers.of_socket(client.transport.get_extra_info("socket"))
        except OSError as error:
            self.refuse(client, f"its credentials cannot be read: {error.strerror}")
        else:
            via = f"unix, pid {peer.pid}"
            self.admit(client, Caller(actor=str(peer.uid), via=via, uid=peer.uid, gids=peer.gids))

    def admit(self, client: ClientEnd, caller: Caller) -> None:
        """Forward the client's connection, if the limits of the caller's role allow one more."""
        role = self._rules().role(caller)
        if problem := self._crowded(role):
            self.refuse(client, f"{problem}; actor {caller.actor}")
            return
        self._clients[client] = role
        task = asyncio.create_task(self._forward(client, caller))
        self._forwarding.add(task)
        task.add_done_callback(self._forwarding.discard)

    def gone(self, client: ClientEnd) -> None:
        """Forget a client whose connection has ended."""
        self._clients.pop(client, None)
        if name := self._names.pop(client, None):
            self._connections.discard(name)

    def refuse(self, client: ClientEnd, reason: str) -> None:
        """Reset a client's connection. The log is limited to some of the reasons when there are many."""
        client.transport.abort()
        if self._lines.take(time.monotonic()):
            log.warning("control connection refused", reason=reason)

    def _crowded(self, role: Role) -> str | None:
        """Return the limit that allows no more connections of ``role``, or None."""
        limit = self._max_connections + (self._limits.reserve if role is Role.ADMIN else 0)
        if len(self._clients) >= limit:
            return f"limit connections: {limit} are open"
        if role is Role.NONE and list(self._clients.values()).count(Role.NONE) >= self._limits.strangers:
            return f"limit strangers: {self._limits.strangers} connections of callers without a role are open"
        return None

    async def _forward(self, client: ClientEnd, caller: Caller) -> None:
        try:
            async with asyncio.timeout(self._limits.first_bytes):
                if not await client.begun:
                    client.transport.abort()
                    return
                if caller.uid is not None:
                    caller = dataclasses.replace(caller, actor=await _name(caller.uid))
                name = self._connections.add(caller)
                self._names[client] = name
                server = await reach(self._private, name, client)
        except TimeoutError:
            client.transport.abort()
        except OSError as error:
            self.refuse(client, f"not forwarded: {error.strerror}")
        else:
            client.join(server)
        finally:
            if client.lost:
                self.gone(client)


async def _name(uid: int) -> str:
    naming = asyncio.get_running_loop().run_in_executor(None, peers.user_name, uid)
    try:
        return await asyncio.wait_for(asyncio.shield(naming), NAME_TIMEOUT_S)
    except TimeoutError:
        return str(uid)
