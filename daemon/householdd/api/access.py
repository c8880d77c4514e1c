"""Access to the daemon's control API."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc
from google.rpc import error_details_pb2

from householdd.api.audit import Audit
from householdd.api.call_limits import CallLimits
from householdd.api.callers import CALLER, Caller, CallerConnection, Connections
from householdd.api.errors import DOMAIN, Refusal
from householdd.api.interceptor import Call, Context
from householdd.api.roles import LEAST, Role, Rules

UNNAMED = "unix:"
"""Peer that did not connect through the gate: a process of the daemon, whose user alone can enter the private
directory.
"""

WORKER = Caller(actor="a worker", via="unix")


@dataclass
class _OpenCalls:
    rpcs: int = 0
    streams: int = 0


class AccessControl:
    """Admits each RPC by the rules in force when it begins."""

    def __init__(self, connections: Connections, rules: Callable[[], Rules], limits: CallLimits, audit: Audit) -> None:
        self._connections = connections
        self._rules = rules
        self._limits = limits
        self._audit = audit
        self._open = _OpenCalls()
        self._workers = CallerConnection(WORKER)

    @contextlib.contextmanager
    def __call__(self, method: str, context: Context, *, stream: bool) -> Iterator[Call]:
        """Count the RPC while it is open. Raise Refusal."""
        call = Call()
        connection, role = self._who(context.peer())
        CALLER.set(connection.caller)
        with self._audit.record(method, connection.caller, call, change=LEAST.get(method, Role.ADMIN) > Role.VIEWER):
            _check_role(method, connection.caller, role)
            with self._place(connection, role, stream=stream):
                yield call

    def _who(self, peer: str) -> tuple[CallerConnection, Role]:
        if peer == UNNAMED:
            return self._workers, Role.VIEWER
        connection = self._connections.of_peer(peer)
        if connection is None:
            # The connection ended first.
            raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "the connection has ended")
        return connection, self._rules().role(connection.caller)

    @contextlib.contextmanager
    def _place(self, connection: CallerConnection, role: Role, *, stream: bool) -> Iterator[None]:
        limits, reserve = self._limits, self._limits.reserve if role is Role.ADMIN else 0
        if self._open.rpcs >= limits.rpcs + reserve:
            raise _full("rpcs", limits.rpcs, "RPCs are open at once")
        if connection.rpcs >= limits.rpcs_per_connection:
            raise _full("rpcs_per_connection", limits.rpcs_per_connection, "RPCs are open at once on this connection")
        if stream and self._open.streams >= limits.streams:
            raise _full("streams", limits.streams, "streams, such as watches, are open at once")
        self._open.rpcs += 1
        self._open.streams += stream
        connection.rpcs += 1
        try:
            yield
        finally:
            self._open.rpcs -= 1
            self._open.streams -= stream
            connection.rpcs -= 1


def _check_role(method: str, caller: Caller, role: Role) -> None:
    least = LEAST.get(method)
    if least is None:
        raise _denied(f"{method} is open to no role", method, role, "none")
    if role < least:
        has = "no role" if role is Role.NONE else f"the role {role.word}"
        raise _denied(f"{method} needs the role {least.word}; {caller.actor} has {has}", method, role, least.word)


def _denied(message: str, method: str, role: Role, least: str) -> Refusal:
    info = error_details_pb2.ErrorInfo(reason="ROLE_MISSING", domain=DOMAIN)
    info.metadata.update({"method": method, "role": role.word, "needed": least})
    return Refusal(grpc.StatusCode.PERMISSION_DENIED, message, info)


def _full(limit: str, value: int, what: str) -> Refusal:
    info = error_details_pb2.ErrorInfo(reason="LIMIT_REACHED", domain=DOMAIN)
    info.metadata.update({"limit": limit, "value": str(value)})
    return Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, f"limit {limit}: {value} {what}; end some, or try later", info)
