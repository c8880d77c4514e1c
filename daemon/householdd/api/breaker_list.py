"""Circuit breakers as requests and responses."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from household.v1 import session_service_pb2 as pb
from householdd.admission.breakers import Breaker, BreakerKey, Breakers, BreakerState
from householdd.api.block_list import networks_in
from householdd.api.convert import duration, seconds, timestamp
from householdd.api.errors import check_note, raise_invalid
from householdd.clients.addresses import Network, covers, format_network, parse_network

MAX_SHOWN = 1000

_STATES = {BreakerState.OPEN: pb.BREAKER_STATE_OPEN, BreakerState.HALF_OPEN: pb.BREAKER_STATE_HALF_OPEN}


class BreakerList:
    """Breakers in terms of the control API."""

    def __init__(self, breakers: Breakers) -> None:
        self._breakers = breakers

    def shown(self) -> list[pb.Breaker]:
        """Return open and half-open breakers."""
        now = time.monotonic()
        return self._messages(self._breakers.current(now)[:MAX_SHOWN], now)

    def reset(self, request: pb.ResetBreakersRequest) -> pb.ResetBreakersResponse:
        """Raise Refusal."""
        networks = selected(request)
        found = within(self.shown(), networks)
        if not request.validate_only:
            self._breakers.reset(networks, time.monotonic())
        return pb.ResetBreakersResponse(breakers=found, not_open=without(found, networks))

    def _messages(self, breakers: Iterable[tuple[BreakerKey, Breaker]], now: float) -> list[pb.Breaker]:
        wall = time.time() - now
        return [
            pb.Breaker(
                address=format_network(key.customer),
                profile=key.profile,
                state=_STATES[breaker.state(now)],
                opened_at=timestamp(wall + breaker.opened_at),
                length=duration(breaker.open_s),
                left=duration(max((breaker.open_until or now) - now, 0.0)),
                failures=round(self._breakers.outcomes(key, now).failed),
            )
            for key, breaker in breakers
        ]


def selected(request: pb.ResetBreakersRequest) -> list[Network] | None:
    """Return None for all. Raise Refusal."""
    check_note(request.reason)
    if request.all == bool(request.addresses):
        raise_invalid("addresses", "give either addresses or all")
    return None if request.all else networks_in(request.addresses)


def within(breakers: Iterable[pb.Breaker], networks: Sequence[Network] | None) -> list[pb.Breaker]:
    """Return the breakers in ``networks``; None stands for all."""
    return [each for each in breakers if networks is None or any(_covers(network, each) for network in networks)]


def without(breakers: Sequence[pb.Breaker], networks: Sequence[Network] | None) -> list[str]:
    """Return the networks without any of ``breakers``."""
    return [
        format_network(network)
        for network in networks or ()
        if not any(_covers(network, breaker) for breaker in breakers)
    ]


def merge(parts: Iterable[Iterable[pb.Breaker]]) -> list[pb.Breaker]:
    """Keep for each key the breaker that stays open longest."""
    merged: dict[tuple[str, str], pb.Breaker] = {}
    for breaker in (each for part in parts for each in part):
        other = merged.setdefault((breaker.address, breaker.profile), breaker)
        if seconds(breaker.left) > seconds(other.left):
            merged[breaker.address, breaker.profile] = breaker
    return sorted(merged.values(), key=_order)[:MAX_SHOWN]


def _covers(network: Network, breaker: pb.Breaker) -> bool:
    return covers(network, parse_network(breaker.address))


def _order(breaker: pb.Breaker) -> tuple[int, int, str]:
    network = parse_network(breaker.address)
    return network.version, int(network.network_address), breaker.profile
