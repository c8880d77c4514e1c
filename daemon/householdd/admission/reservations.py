"""Places reserved for the rest of a household."""

from __future__ import annotations

from dataclasses import dataclass

from householdd.clients.client_key import ClientKey
from householdd.shared.counters import SharedCounters

HOUSEHOLD_SESSIONS = 8
"""Four probes and four people; older pages have the people only."""

RESERVATION_TTL_S = 20.0
"""Seconds: the page opens the people's sessions 5 to 9 s after the probes."""

MAX_RESERVATIONS = 500
"""Reservations of a worker at once."""


@dataclass
class _Reservation:
    client: ClientKey
    expires_at: float
    places: int = 0


class Reservations:
    """Reservations made by a worker."""

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters
        self._by_run: dict[bytes, _Reservation] = {}

    def expects(self, client: ClientKey) -> bool:
        if not client.run_key:
            return False
        counters = self._counters
        return (
            counters.count(_reservation_key(client.run_key)) > 0 and counters.count(client.run_key) < HOUSEHOLD_SESSIONS
        )

    def continues(self, client: ClientKey) -> bool:
        """Return whether the client's run has a session or a reservation."""
        key = client.run_key
        return bool(key) and (self._counters.count(key) > 0 or self._counters.count(_reservation_key(key)) > 0)

    def places_needed(self, client: ClientKey) -> int:
        """Return a household's places for the first session of a run, else 1."""
        return HOUSEHOLD_SESSIONS if client.run_key and not self._counters.count(client.run_key) else 1

    def make(self, client: ClientKey, now: float) -> None:
        if len(self._by_run) >= MAX_RESERVATIONS or client.run_key in self._by_run:
            return
        reservation = self._by_run[client.run_key] = _Reservation(client, now + RESERVATION_TTL_S)
        self._counters.change([_reservation_key(client.run_key)], 1)
        self._reserve(reservation, HOUSEHOLD_SESSIONS)

    def release_all(self) -> None:
        for reservation in list(self._by_run.values()):
            self._end(reservation)

    def release_unused(self, now: float) -> None:
        """Call at each control pass."""
        for reservation in list(self._by_run.values()):
            self._update(reservation, now)

    def changed(self, client: ClientKey, now: float) -> None:
        """Call when the client opened or closed a session."""
        reservation = self._by_run.get(client.run_key)
        if reservation is not None:
            self._update(reservation, now)

    def _update(self, reservation: _Reservation, now: float) -> None:
        if now >= reservation.expires_at:
            self._end(reservation)
            return
        self._reserve(reservation, max(HOUSEHOLD_SESSIONS - self._counters.count(reservation.client.run_key), 0))

    def _end(self, reservation: _Reservation) -> None:
        key = reservation.client.run_key
        self._reserve(reservation, 0)
        self._counters.change([_reservation_key(key)], -1)
        del self._by_run[key]

    def _reserve(self, reservation: _Reservation, places: int) -> None:
        client = reservation.client
        if places != reservation.places:
            self._counters.reserve((client.address_key, client.network_key), places - reservation.places)
            reservation.places = places


def _reservation_key(run_key: bytes) -> bytes:
    return b"t" + run_key
