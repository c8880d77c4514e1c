"""Measurements of a run."""

from __future__ import annotations

import msgspec

from household_scoring.playout import Arrival


class Probe(msgspec.Struct, frozen=True, rename="camel"):
    """Connections that carry only pings; see :mod:`household_scoring.retransmissions`."""

    idle_ms: tuple[float, ...]
    """Round trips before load, without those delayed by a retransmission."""
    loaded_ms: tuple[float, ...]
    """Pings under load; answers may arrive after it."""
    loaded_sent: int
    """Pings sent under load."""
    repaired_ms: tuple[float, ...] = ()
    """Pings under load that TCP retransmitted."""
    held_ms: tuple[float, ...] = ()
    """Pings under load that waited for a retransmission."""
    kernel_idle_ms: tuple[float, ...] = ()
    """Round trips before load by the server's kernel, of the probe connection with the shortest."""

    @property
    def answered(self) -> int:
        return len(self.loaded_ms) + len(self.repaired_ms) + len(self.held_ms)


class Direction(msgspec.Struct, frozen=True, rename="camel"):
    """Payload rates under load, in bit/s."""

    wanted_bps: float
    got_bps: float


class PersonFacts(msgspec.Struct, frozen=True, rename="camel"):
    """A person under load."""

    who: str
    activity: str
    round_trips_ms: tuple[float, ...]
    """Of the person's own connection."""
    pings_sent: int
    download: Direction
    upload: Direction
    loss_share: float | None = None
    """None over TCP, which hides loss."""
    arrivals: tuple[Arrival, ...] = ()
    """Seconds since the load began, and bytes; required to watch a video."""
    kernel_ms: tuple[float, ...] = ()
    """Round trips of the person's own connection by the server's kernel."""
    receiver_limited: float | None = None
    """Share of the time in which the client's receive window was shut, by the server's kernel."""
    retransmits: int | None = None
    """Segments that the server's kernel sent again; None if unknown."""
    client_limited: bool = False
    """Whether the client confirmed less than arrived, and the server slowed it."""


class Circumstances(msgspec.Struct, frozen=True, rename="camel"):
    """Conditions that can invalidate a run."""

    tab_hidden: bool = False
    """Browsers then delay timers by up to a minute."""
    clock_jump_ms: float = 0.0
    """Difference between monotonic and wall time, including standby."""
    client_overloaded: bool = False
    """Timers late by more than 20 ms at the 95th percentile."""
    server_overloaded: bool = False
    server_limited: bool = False
    """A budget or the server's own uplink, not the line, limited a connection."""
    stopped_early: bool = False
    connection_lost: bool = False


class RunFacts(msgspec.Struct, frozen=True, rename="camel"):
    """All measurements of a run."""

    probe: Probe
    people: tuple[PersonFacts, ...]
    load_s: float
    circumstances: Circumstances = Circumstances()
