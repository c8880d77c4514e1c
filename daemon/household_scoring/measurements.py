"""Measurements of a run, as reported by the client."""

from __future__ import annotations

import msgspec

from household_scoring.playout import Arrival


class Probe(msgspec.Struct, frozen=True, rename="camel"):
    """Connections that carry only pings, taken together; see :mod:`household_scoring.retransmissions`."""

    idle_ms: tuple[float, ...]
    """Round trips before any load, without those delayed by a retransmission."""
    loaded_ms: tuple[float, ...]
    """The same of pings sent under load, in order; answers may arrive after the load, while the line recovers."""
    loaded_sent: int
    """Pings sent under load."""
    repaired_ms: tuple[float, ...] = ()
    """Round trips of pings sent under load that TCP retransmitted."""
    held_ms: tuple[float, ...] = ()
    """Round trips of pings sent under load that waited for such a retransmission."""

    @property
    def answered(self) -> int:
        """Pings sent under load that were answered."""
        return len(self.loaded_ms) + len(self.repaired_ms) + len(self.held_ms)


class Direction(msgspec.Struct, frozen=True, rename="camel"):
    """Mean payload rates of one direction under load, in bit/s."""

    wanted_bps: float
    got_bps: float


class PersonFacts(msgspec.Struct, frozen=True, rename="camel"):
    """One person's connection under load."""

    who: str
    activity: str
    """Key of the requirements' activities."""
    round_trips_ms: tuple[float, ...]
    """Of the person's own connection."""
    pings_sent: int
    download: Direction
    upload: Direction
    loss_share: float | None = None
    """Of the person's own connection. None over TCP, which hides loss."""
    arrivals: tuple[Arrival, ...] = ()
    """Time and size of arrivals since the load began; required for a person who watches a video."""


class Circumstances(msgspec.Struct, frozen=True, rename="camel"):
    """Conditions that can invalidate a run."""

    tab_hidden: bool = False
    """At any time while latency was measured; browsers then delay timers by up to a minute."""
    clock_jump_ms: float = 0.0
    """Largest difference between elapsed monotonic and wall time, including standby."""
    client_overloaded: bool = False
    """Whether the client's timers were late by more than 20 ms at the 95th percentile."""
    server_overloaded: bool = False
    server_limited: bool = False
    """Whether a budget of the server, not the line, limited a connection."""
    stopped_early: bool = False
    connection_lost: bool = False


class RunFacts(msgspec.Struct, frozen=True, rename="camel"):
    """All measurements of a run."""

    probe: Probe
    people: tuple[PersonFacts, ...]
    load_s: float
    """Duration of the load."""
    circumstances: Circumstances = Circumstances()
