"""A filter over a worker's own sessions, and these as messages."""

from __future__ import annotations

from household.v1 import session_pb2 as pb
from householdd.api import convert, filters, requests
from householdd.session.session import Session
from householdd.worker import connection_messages
from householdd.worker.session_manager import SessionManager


class SessionSelection:
    """What of a worker's sessions a request selects; no more of a session is converted than that takes."""

    def __init__(self, text: str, manager: SessionManager, worker: str, *, constant_only: bool = False) -> None:
        """``text`` is the filter, ``constant_only`` as in ``filters.parse``. Raises Refusal."""
        self._predicate = requests.predicate(text, constant_only=constant_only)
        self._constant = bool(text.strip()) and filters.is_constant(text)
        """Whether it reads constant fields only; an empty one reads nothing."""
        self._manager = manager
        self._worker = worker

    def fits(self, session: Session) -> bool:
        """Whether it is selected."""
        if self._constant:
            return self._predicate(convert.constants(session, self._worker))
        return self._predicate(describe(self._manager, session, self._worker))

    def pick(self, session: Session) -> pb.Session | None:
        """The whole session, where it is selected."""
        if self._constant and not self.fits(session):
            return None
        message = describe(self._manager, session, self._worker)
        return message if self._constant or self._predicate(message) else None


def describe(manager: SessionManager, session: Session, worker: str) -> pb.Session:
    """A session of ``manager``, live or ended, with its connection."""
    message = convert.session(session, worker, manager.clock.now())
    driver = manager.live.get(session.identity.id)
    connection = connection_messages.message(driver) if driver is not None else connection_messages.last(session)
    if connection is not None:
        message.connection.CopyFrom(connection)
    return message
