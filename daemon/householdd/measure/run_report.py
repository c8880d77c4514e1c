"""A client's report of a finished run.

Every string matches a pattern, every number has a range, every list a bound: a stored report can be shown without
further checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from household_scoring.attribution import Cause
from household_scoring.directions import Stretch
from household_scoring.grade import Grade, grade
from household_scoring.requirements import Band, Rendition
from household_scoring.statistics import PERCENTILES
from household_scoring.validity import Invalid

MAX_POINTS = 240
"""Four per second for a minute."""

MAX_STRETCHES = 3

# \Z, because $ would allow a trailing newline.
_Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_-]{0,31}\Z")]
_Version = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z][0-9A-Za-z.+-]{0,31}\Z")]
_VerdictKey = Annotated[str, msgspec.Meta(pattern=r"\Averdict\.[a-z][a-z0-9_-]{0,31}\.[a-z]{1,16}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=600_000)]
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]
_Rate = Annotated[float, msgspec.Meta(ge=0, le=1e12)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Score = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Mos = Annotated[float, msgspec.Meta(ge=1, le=5)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Part of a report; unknown fields are refused."""


class ReportClient(_Strict, frozen=True, kw_only=True):
    """Program that measured."""

    kind: Literal["page", "householdctl", "server"]
    """``server`` marks runs that no client reported; clients may not send it."""
    version: _Version


class ReportedLatency(_Strict, frozen=True, kw_only=True):
    """In milliseconds; null if nothing was measured."""

    count: _Count
    p50_ms: _Milliseconds | None
    p95_ms: _Milliseconds | None
    p99_ms: _Milliseconds | None
    jitter_ms: _Milliseconds | None

    def __post_init__(self) -> None:
        measured = [value for value in (self.p50_ms, self.p95_ms, self.p99_ms) if value is not None]
        if len(measured) != (3 if self.count else 0):
            raise ValueError("p50_ms, p95_ms and p99_ms are numbers where count is above 0, else null")
        if measured != sorted(measured):
            raise ValueError("p50_ms must be at most p95_ms, and p95_ms at most p99_ms")


class Rates(_Strict, frozen=True, kw_only=True):
    """Mean payload rates, in bit/s."""

    wanted_bps: _Rate
    got_bps: _Rate


class Person(_Strict, frozen=True, kw_only=True):
    """Result of a person."""

    who: _Word
    activity: _Word
    score: _Score | None
    band: Band | None
    verdict: _VerdictKey
    download: Rates
    upload: Rates
    latency: ReportedLatency
    stall_s: _Seconds | None = None
    """Null without a video."""
    mos: _Mos | None = None
    rendition: Rendition | None = None
    """Null without a video."""
    qoo: _Score | None = None
    """Quality of Outcome, draft-ietf-ippm-qoo-09."""
    percentiles_ms: Annotated[tuple[_Milliseconds, ...], msgspec.Meta(max_length=len(PERCENTILES))] = ()
    """Of the round trips that were scored, at PERCENTILES; empty without any."""

    def __post_init__(self) -> None:
        if self.percentiles_ms and len(self.percentiles_ms) != len(PERCENTILES):
            raise ValueError(f"percentiles_ms must have no or {len(PERCENTILES)} elements")
        if list(self.percentiles_ms) != sorted(self.percentiles_ms):
            raise ValueError("percentiles_ms must be in ascending order")


_People = Annotated[tuple[Person, ...], msgspec.Meta(min_length=1, max_length=8)]
_InvalidReasons = Annotated[tuple[Invalid, ...], msgspec.Meta(max_length=len(Invalid))]


class Phase(_Strict, frozen=True, kw_only=True):
    """In seconds since the run began."""

    name: Literal["warm_up", "idle", "load", "recovery"]
    from_s: _Seconds
    until_s: _Seconds

    def __post_init__(self) -> None:
        _require_order(self.from_s, self.until_s)


class ReportedStretch(_Strict, frozen=True, kw_only=True):
    """Part of the load in which the Computer used these directions, in seconds since the run began."""

    stretch: Stretch
    from_s: _Seconds
    until_s: _Seconds
    loaded: ReportedLatency
    people: _People
    invalid: _InvalidReasons = ()
    """Empty if the stretch is valid."""
    loss_share: _Share | None = None
    cause: Cause | None = None
    means_agree: bool = False

    def __post_init__(self) -> None:
        _require_order(self.from_s, self.until_s)
        _require_one_entry_each("people", "who", (person.who for person in self.people))


class TimelinePoint(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Encoded as ``[seconds, delay_ms, down_bps, up_bps]``."""

    seconds: _Seconds
    delay_ms: _Milliseconds | None
    down_bps: _Rate
    up_bps: _Rate


MAX_CONNECTIONS = 8
"""Of the Computer in one direction."""


class ClientRunReport(_Strict, frozen=True, kw_only=True, tag="run_report"):
    """Report of a run."""

    ended_at: Annotated[float, msgspec.Meta(ge=0, le=2**53)]
    """Unix time by the client's clock, in milliseconds."""
    client: ReportClient
    load_s: _Seconds
    phases: Annotated[tuple[Phase, ...], msgspec.Meta(max_length=8)]
    baseline_ms: _Milliseconds | None
    idle: ReportedLatency
    loaded: ReportedLatency
    people: _People
    invalid: _InvalidReasons = ()
    """Empty if the run is valid."""
    loss_share: _Share | None = None
    """Null if loss cannot be told from queueing."""
    timeline: Annotated[tuple[TimelinePoint, ...], msgspec.Meta(max_length=MAX_POINTS)] = ()
    warm_up_mbps: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    """Rate of the line before the run, in Mbit/s."""
    single_connection_mbps: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    """Rate of one connection before the run, in Mbit/s."""
    connections: Annotated[int, msgspec.Meta(ge=1, le=MAX_CONNECTIONS)] = 1
    """Of the Computer's download, to fill the line."""
    cause: Cause | None = None
    """Cause of the delay as the client found it; the server has its own, and takes only lateness of the device from
    it."""
    means_agree: bool = False
    """Whether the means of a second of the pings under load are those of the server's kernel."""
    stretches: Annotated[tuple[ReportedStretch, ...], msgspec.Meta(max_length=MAX_STRETCHES)] = ()
    """Parts of the load, by direction; empty for a load of downloads only. Figures and people of the report are those
    of the worst."""

    def __post_init__(self) -> None:
        if any(after.seconds < before.seconds for before, after in pairwise(self.timeline)):
            raise ValueError("timeline must be in order of time")
        _require_one_entry_each("people", "who", (person.who for person in self.people))
        _require_one_entry_each("stretches", "stretch", (each.stretch for each in self.stretches))
        if any(after.from_s < before.until_s for before, after in pairwise(self.stretches)):
            raise ValueError("stretches must be in order of time, and must not overlap")

    @property
    def valid(self) -> bool:
        return not self.invalid

    @property
    def grade(self) -> Grade | None:
        if self.baseline_ms is None or self.loaded.p95_ms is None:
            return None
        return grade(self.baseline_ms, self.loaded.p95_ms)

    @property
    def increase_p95_ms(self) -> float | None:
        """Increase of the 95th percentile; None without both latencies."""
        if self.baseline_ms is None or self.loaded.p95_ms is None:
            return None
        return max(self.loaded.p95_ms - self.baseline_ms, 0.0)

    @property
    def over_s(self) -> float:
        """Seconds since the run began when its last phase was over, and the report was sent."""
        return max((phase.until_s for phase in self.phases), default=0.0)

    def only(self, stretch: ReportedStretch) -> ClientRunReport:
        """Return the report of a run that had this stretch alone."""
        return msgspec.structs.replace(
            self,
            load_s=stretch.until_s - stretch.from_s,
            loaded=stretch.loaded,
            people=stretch.people,
            invalid=stretch.invalid,
            loss_share=stretch.loss_share,
            cause=stretch.cause,
            means_agree=stretch.means_agree,
            stretches=(stretch,),
        )


def _require_order(from_s: float, until_s: float) -> None:
    if until_s < from_s:
        raise ValueError("until_s must be at least from_s")


def _require_one_entry_each(where: str, what: str, keys: Iterable[str]) -> None:
    found = list(keys)
    if len(set(found)) != len(found):
        raise ValueError(f"{where} must have one entry for each {what}")


encode = msgspec.json.Encoder().encode

decode = msgspec.json.Decoder(ClientRunReport).decode
