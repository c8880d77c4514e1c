"""Places reserved for the rest of a household."""

from __future__ import annotations

from dataclasses import dataclass

from householdd.clients.client_key import ClientKey
from householdd.shared.counters import SharedCounters

HOUSEHOLD_SESSIONS = 9
"""Four probes, three people, and the Computer's download and upload; older pages have no upload, or no probes."""

COMPUTER_SESSIONS = 2
"""Sessions that a run opens again for each part of its load, at most."""

RESERVATION_TTL_S = 20.0
"""Seconds for which a run without a session keeps its places."""

PEOPLE_TTL_S = 40.0
"""Seconds for which a run keeps the places of people: the page opens their sessions 5 to 33 s after the probes, as its
warm-ups take. Those of the Computer are kept as long as the run has sessions."""

MAX_RESERVATIONS = 500
"""Reservations of a worker at once."""


@dataclass
class _Reservation:
    client: ClientKey
    made_at: float
    places: int = 0
    most: int = HOUSEHOLD_SESSIONS
    """Sessions that the run may have."""


class Reservations:
    """Reservations made by a worker."""

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters
        self._by_run: dict[bytes, _Reservation] = {}

    def expects(self, client: ClientKey) -> bool:
        if not client.run_key:
            return False
        most = self._counters.count(_reservation_key(client.run_key))
        # Several workers may have made one.
        return self._counters.count(client.run_key) < min(most, HOUSEHOLD_SESSIONS)

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
        reservation = self._by_run[client.run_key] = _Reservation(client, now)
        self._counters.change([_reservation_key(client.run_key)], reservation.most)
        self._reserve(reservation, reservation.most)

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
        key = reservation.client.run_key
        live, age = self._counters.count(key), now - reservation.made_at
        if not live and age >= RESERVATION_TTL_S:
            self._end(reservation)
            return
        if age >= PEOPLE_TTL_S and reservation.most > (most := live + COMPUTER_SESSIONS):
            self._counters.change([_reservation_key(key)], most - reservation.most)
            reservation.most = most
        self._reserve(reservation, max(reservation.most - live, 0))

    def _end(self, reservation: _Reservation) -> None:
        key = reservation.client.run_key
        self._reserve(reservation, 0)
        self._counters.change([_reservation_key(key)], -reservation.most)
        del self._by_run[key]

    def _reserve(self, reservation: _Reservation, places: int) -> None:
        client = reservation.client
        if places != reservation.places:
            self._counters.reserve((client.address_key, client.network_key), places - reservation.places)
            reservation.places = places


def _reservation_key(run_key: bytes) -> bytes:
    return b"t" + run_key
