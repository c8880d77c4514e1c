"""Places reserved for the rest of a household."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from householdd.clients.client_key import ClientKey
from householdd.shared.counters import SharedCounters
from householdd.traffic.profiles import BACKUP

HOUSEHOLD_SESSIONS = 9
"""Four probes, four people and the Computer's upload; older pages have no upload, or the people only."""

RESERVATION_TTL_S = 20.0
"""Seconds: the page opens the people's sessions 5 to 9 s after the probes. The place of the upload, which begins after
the downloads, is kept as long as the run has sessions."""

MAX_RESERVATIONS = 500
"""Reservations of a worker at once."""


@dataclass
class _Reservation:
    client: ClientKey
    expires_at: float
    places: int = 0
    for_upload: bool = False
    """Whether only the place of the upload is left."""

    @cached_property
    def upload(self) -> ClientKey:
        return replace(self.client, profile=BACKUP.key)

    @property
    def key(self) -> bytes:
        run_key = self.client.run_key
        return _upload_key(run_key) if self.for_upload else _reservation_key(run_key)


class Reservations:
    """Reservations made by a worker."""

    def __init__(self, counters: SharedCounters) -> None:
        self._counters = counters
        self._by_run: dict[bytes, _Reservation] = {}

    def expects(self, client: ClientKey) -> bool:
        if not client.run_key:
            return False
        counters = self._counters
        if counters.count(_reservation_key(client.run_key)) > 0:
            return counters.count(client.run_key) < HOUSEHOLD_SESSIONS
        is_upload = client.profile == BACKUP.key
        return is_upload and counters.count(_upload_key(client.run_key)) > 0 and not counters.count(client.member_key)

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
        live = self._counters.count(reservation.client.run_key)
        if now < reservation.expires_at:
            self._reserve(reservation, max(HOUSEHOLD_SESSIONS - live, 0))
        elif live:
            self._keep_upload(reservation)
        else:
            self._end(reservation)

    def _keep_upload(self, reservation: _Reservation) -> None:
        if not reservation.for_upload:
            self._counters.change([reservation.key], -1)
            reservation.for_upload = True
            self._counters.change([reservation.key], 1)
        self._reserve(reservation, 0 if self._counters.count(reservation.upload.member_key) else 1)

    def _end(self, reservation: _Reservation) -> None:
        self._reserve(reservation, 0)
        self._counters.change([reservation.key], -1)
        del self._by_run[reservation.client.run_key]

    def _reserve(self, reservation: _Reservation, places: int) -> None:
        client = reservation.client
        if places != reservation.places:
            self._counters.reserve((client.address_key, client.network_key), places - reservation.places)
            reservation.places = places


def _reservation_key(run_key: bytes) -> bytes:
    return b"t" + run_key


def _upload_key(run_key: bytes) -> bytes:
    return b"u" + run_key
