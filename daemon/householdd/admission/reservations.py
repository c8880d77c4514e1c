"""Places kept for the rest of a household whose first session was let in, so that it gets all of them or none."""

from __future__ import annotations

from dataclasses import dataclass

from householdd.clients.client_key import ClientKey
from householdd.shared.counters import SharedCounters

HOUSEHOLD_SESSIONS = 8
"""Sessions of a run of the page: four probes and four people. A deployed page has the people alone."""

RESERVATION_TTL_S = 20.0
"""Seconds for which places are kept: the page lets the people in 5 to 9 s after the probes."""

MAX_RESERVATIONS = 500
"""Runs at a worker for which places are kept at once; each is looked at four times a second."""


@dataclass
class _Reservation:
    visitor: ClientKey
    expires_at: float
    kept: int = 0
    """Places counted for it now."""


class Reservations:
    """The reservations that a worker made. All workers see the places and the runs in the counts they share."""

    def __init__(self, counts: SharedCounters) -> None:
        self._counts = counts
        self._by_run: dict[bytes, _Reservation] = {}

    def expects(self, visitor: ClientKey) -> bool:
        """Whether a place is kept for this visitor, at whichever worker."""
        if not visitor.run_key:
            return False
        counts = self._counts
        return counts.of(_ticket(visitor.run_key)) > 0 and counts.of(visitor.run_key) < HOUSEHOLD_SESSIONS

    def continues(self, visitor: ClientKey) -> bool:
        """Whether the visitor's run was let in before: it has a session, or places are kept for it."""
        key = visitor.run_key
        return bool(key) and (self._counts.of(key) > 0 or self._counts.of(_ticket(key)) > 0)

    def wanted(self, visitor: ClientKey) -> int:
        """Places that letting this visitor in would take: those of a household for the first of a run."""
        return HOUSEHOLD_SESSIONS if visitor.run_key and not self._counts.of(visitor.run_key) else 1

    def make(self, visitor: ClientKey, now: float) -> None:
        """Keeps places for the run that this visitor is the first of."""
        if len(self._by_run) >= MAX_RESERVATIONS or visitor.run_key in self._by_run:
            return
        reservation = self._by_run[visitor.run_key] = _Reservation(visitor, now + RESERVATION_TTL_S)
        self._counts.change([_ticket(visitor.run_key)], 1)
        self._keep(reservation, HOUSEHOLD_SESSIONS)

    def release(self) -> None:
        """Gives back all places."""
        for reservation in list(self._by_run.values()):
            self._end(reservation)

    def settle(self, now: float) -> None:
        """Gives back places that were taken, or waited for long enough; at each control pass."""
        for reservation in list(self._by_run.values()):
            self._settle(reservation, now)

    def changed(self, visitor: ClientKey, now: float) -> None:
        """A session of this visitor began or ended."""
        reservation = self._by_run.get(visitor.run_key)
        if reservation is not None:
            self._settle(reservation, now)

    def _settle(self, reservation: _Reservation, now: float) -> None:
        if now >= reservation.expires_at:
            self._end(reservation)
            return
        self._keep(reservation, max(HOUSEHOLD_SESSIONS - self._counts.of(reservation.visitor.run_key), 0))

    def _end(self, reservation: _Reservation) -> None:
        key = reservation.visitor.run_key
        self._keep(reservation, 0)
        self._counts.change([_ticket(key)], -1)
        del self._by_run[key]

    def _keep(self, reservation: _Reservation, places: int) -> None:
        visitor = reservation.visitor
        if places != reservation.kept:
            self._counts.reserve((visitor.address_key, visitor.network_key), places - reservation.kept)
            reservation.kept = places


def _ticket(run_key: bytes) -> bytes:
    return b"t" + run_key
