"""What the server's kernel holds for its clients, by `ss`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.lab.netns import Namespace, run

_PEER_PORT = re.compile(r"\S+:\d+\s+\S+:(\d+)(?:\s|$)")
_WRITE_QUEUE = re.compile(r"skmem:\(.*?,w(\d+),")
_ROUND_TRIP = re.compile(r"\brtt:([\d.]+)/")


@dataclass(frozen=True)
class Socket:
    """One connection."""

    client_port: int
    queued: int
    """Bytes of kernel memory that hold what is unsent or unacknowledged."""
    round_trip: float
    """Smoothed, in seconds; 0 before the first measurement."""


def sockets(namespace: Namespace, port: int) -> list[Socket]:
    """The connections of ``port`` that are not closed on both sides."""
    lines = run(*namespace.prefix, "ss", "-tinmHO", "state", "connected", f"sport = :{port}").splitlines()
    return [_parse(line) for line in lines if line.strip()]


def _parse(line: str) -> Socket:
    peer = _PEER_PORT.search(line)
    if peer is None:
        raise AssertionError(f"ss printed a line without addresses: {line}")
    queued, round_trip = _WRITE_QUEUE.search(line), _ROUND_TRIP.search(line)
    return Socket(
        client_port=int(peer[1]),
        queued=int(queued[1]) if queued else 0,
        round_trip=float(round_trip[1]) / 1e3 if round_trip else 0.0,
    )
