"""What was measured in a run; all of it by the one who reports, nothing concluded."""

from __future__ import annotations

import msgspec

from household_scoring.playout import Arrival


class Probe(msgspec.Struct, frozen=True, rename="camel"):
    """The connections that carry nothing but pings, taken together; see :mod:`household_scoring.retransmissions`."""

    idle_ms: tuple[float, ...]
    """Round trips before any load, without those that a repair delayed."""
    loaded_ms: tuple[float, ...]
    """The same of pings sent under load, in order; answers may come after the load, while the line recovers."""
    loaded_sent: int
    """Pings sent under load."""
    repaired_ms: tuple[float, ...] = ()
    """Round trips of those sent under load that were lost and that TCP sent again."""
    held_ms: tuple[float, ...] = ()
    """Round trips of those sent under load that waited for such a repair."""

    @property
    def answered(self) -> int:
        """Pings sent under load that were answered at all."""
        return len(self.loaded_ms) + len(self.repaired_ms) + len(self.held_ms)


class Direction(msgspec.Struct, frozen=True, rename="camel"):
    """Mean payload rates under load, one way, bit/s."""

    wanted_bps: float
    got_bps: float


class PersonFacts(msgspec.Struct, frozen=True, rename="camel"):
    """One person's connection under load."""

    who: str
    activity: str
    """A key of the requirements' activities."""
    round_trips_ms: tuple[float, ...]
    """Of the person's own connection."""
    pings_sent: int
    download: Direction
    upload: Direction
    loss_share: float | None = None
    """Of the person's own connection. None over TCP, which hides loss."""
    arrivals: tuple[Arrival, ...] = ()
    """What came when, since the load began; needed of a person who watches a video."""


class Circumstances(msgspec.Struct, frozen=True, rename="camel"):
    """What can spoil a run."""

    tab_hidden: bool = False
    """At any time while latency was measured; browsers then hold timers back by up to a minute."""
    clock_jump_ms: float = 0.0
    """Largest difference between what a monotonic clock and the wall clock say has passed; also after standby."""
    client_overloaded: bool = False
    """The client's own timers were late by more than 20 ms at the 95th percentile."""
    server_overloaded: bool = False
    server_limited: bool = False
    """A budget of the server, and not the line, was what held a connection back."""
    stopped_early: bool = False
    connection_lost: bool = False


class RunFacts(msgspec.Struct, frozen=True, rename="camel"):
    """A run."""

    probe: Probe
    people: tuple[PersonFacts, ...]
    load_s: float
    """How long the load lasted."""
    circumstances: Circumstances = Circumstances()
