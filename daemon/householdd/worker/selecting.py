"""A filter over a worker's own sessions, and these as messages."""

from __future__ import annotations

from household.v1 import session_pb2 as pb
from householdd.controlplane import convert, filters, requests
from householdd.dataplane.registry import Registry
from householdd.session.session import Session
from householdd.worker import connections


class SessionSelection:
    """What of a worker's sessions a request selects; no more of a session is converted than that takes."""

    def __init__(self, text: str, registry: Registry, worker: str, *, constant_only: bool = False) -> None:
        """``text`` is the filter, ``constant_only`` as in ``filters.parse``. Raises Refusal."""
        self._predicate = requests.predicate(text, constant_only=constant_only)
        self._constant = bool(text.strip()) and filters.is_constant(text)
        """Whether it reads constant fields only; an empty one reads nothing."""
        self._registry = registry
        self._worker = worker

    def fits(self, session: Session) -> bool:
        """Whether it is selected."""
        if self._constant:
            return self._predicate(convert.constants(session, self._worker))
        return self._predicate(describe(self._registry, session, self._worker))

    def pick(self, session: Session) -> pb.Session | None:
        """The whole session, where it is selected."""
        if self._constant and not self.fits(session):
            return None
        message = describe(self._registry, session, self._worker)
        return message if self._constant or self._predicate(message) else None


def describe(registry: Registry, session: Session, worker: str) -> pb.Session:
    """A session of ``registry``, live or ended, with its connection."""
    message = convert.session(session, worker, registry.clock.now())
    runner = registry.live.get(session.identity.id)
    connection = connections.message(runner) if runner is not None else connections.last(session)
    if connection is not None:
        message.connection.CopyFrom(connection)
    return message
