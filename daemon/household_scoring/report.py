"""Report of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from household_scoring.attribution import (
    MAX_LOSS_SHARE,
    MEANS_OF,
    MIN_KERNEL_SAMPLES,
    Attribution,
    Evidence,
    attribute,
    means_agree,
    with_limit_of_upload,
)
from household_scoring.call import CallQuality, call_quality
from household_scoring.grade import Grade, grade
from household_scoring.latency import LatencyFigures, baseline, increase, latency_figures
from household_scoring.measurements import Direction, PersonFacts, RunFacts
from household_scoring.outcome import Outcome, quality_of_outcome
from household_scoring.playout import Playout, play
from household_scoring.requirements import (
    Band,
    Player,
    Rendition,
    RenditionBound,
    Requirement,
    Requirements,
)
from household_scoring.statistics import loss_share, moving_means, percentile, percentiles
from household_scoring.validation import require_amount
from household_scoring.validity import MIN_ANSWERED_SHARE, Invalid, invalid_reasons
from household_scoring.verdict import band, verdict_key

BULK_TRANSFER = "bulk_transfer"
"""Activity of the Computer, which takes what the line carries."""
MAX_QUEUE_MS = 1000.0
"""Kernel's p95 up to which an answer that never came was not held by the line: the recovery lasts three times that."""


class PersonReport(msgspec.Struct, frozen=True, rename="camel"):
    """A person under load."""

    who: str
    activity: str
    outcome: Outcome
    band: Band | None
    verdict: str
    latency: LatencyFigures
    """Of the round trips that were scored."""
    percentiles_ms: tuple[float, ...]
    """Of the same, at :data:`household_scoring.statistics.PERCENTILES`; empty without any."""
    latency_from: Literal["own", "probe"]
    own_latency: LatencyFigures
    """For a bulk transfer, includes the queue of its own bytes."""
    download: Direction
    upload: Direction
    delivery: float | None
    """Share of the wanted rate, in the worse direction; None if none was wanted."""
    loss_share: float | None
    loss_note: Literal["loss.hidden_by_tcp"] | None
    """Why there is no loss."""
    playout: Playout | None
    """None without a video."""
    rendition: Rendition | None
    """Version of the video that was played; None without one."""
    call: CallQuality | None
    """None without a call or round trips."""


class RunReport(msgspec.Struct, frozen=True, rename="camel"):
    """Verdicts of a run; figures of an invalid run mean nothing."""

    valid: bool
    invalid: tuple[Invalid, ...]
    grade: Grade | None
    """None without round trips of the probe, idle or under load."""
    baseline_ms: float | None
    idle: LatencyFigures
    latency: LatencyFigures
    """Of the probe under load."""
    kernel: LatencyFigures
    """Of the server's kernel under load, of the person's connection with the least p95."""
    attribution: Attribution
    loss_share: float | None
    """Share of the probe's pings under load of which TCP retransmitted ping or answer.

    Pings held behind a retransmission are excluded. None without pings, or if a device changed the order of answers.
    """
    people: tuple[PersonReport, ...]


def delivery(directions: Iterable[Direction]) -> float | None:
    """Delivered share in the worst direction; None if none is wanted."""
    shares: list[float] = []
    for direction in directions:
        require_amount(direction.wanted_bps, "wanted_bps")
        require_amount(direction.got_bps, "got_bps")
        if direction.wanted_bps > 0:
            shares.append(direction.got_bps / direction.wanted_bps)
    return min(shares, default=None)


class _Watched(NamedTuple):
    """A video as an adaptive player shows it; None without one."""

    playout: Playout | None = None
    bound: RenditionBound | None = None

    @property
    def is_smooth(self) -> bool:
        return self.playout is not None and self.playout.start_up_s is not None and self.playout.stalls == 0

    @property
    def smooth(self) -> float | None:
        return self.bound.score if self.bound is not None and self.is_smooth else None


def _watch(player: Player | None, person: PersonFacts, load_s: float) -> _Watched:
    """Play the best rendition that starts and does not stop; else the last one."""
    if player is None or person.download.wanted_bps == 0:
        return _Watched()
    played = [_Watched(_play(player, bound, person, load_s), bound) for bound in player.renditions]
    return next((each for each in played if each.is_smooth), played[-1])


def _play(player: Player, bound: RenditionBound, person: PersonFacts, load_s: float) -> Playout:
    return play(
        person.arrivals,
        video_bps=bound.share * person.download.wanted_bps,
        start_s=player.start_s,
        resume_s=player.resume_s,
        until_s=load_s,
    )


class _Series(NamedTuple):
    """Round trips, and the idle one to compare them with."""

    ms: Sequence[float]
    baseline_ms: float | None

    @property
    def figures(self) -> LatencyFigures:
        return latency_figures(self.ms, self.baseline_ms)


def _person(
    requirements: Requirements, person: PersonFacts, judged: _Series, load_s: float, own: _Series
) -> PersonReport:
    requirement = requirements.of(person.activity, f"activity of {person.who}")
    delivered = delivery((person.download, person.upload))
    watched = _watch(requirement.player, person, load_s)
    outcome = quality_of_outcome(requirement, judged.ms, person.loss_share, delivered, watched.smooth)
    how = band(requirements, outcome.score, watched.playout)
    return PersonReport(
        who=person.who,
        activity=person.activity,
        outcome=outcome,
        band=how,
        verdict=verdict_key(person.activity, how),
        latency=judged.figures,
        percentiles_ms=percentiles(judged.ms),
        latency_from=requirement.latency_from,
        own_latency=own.figures,
        download=person.download,
        upload=person.upload,
        delivery=delivered,
        loss_share=person.loss_share,
        loss_note="loss.hidden_by_tcp" if person.loss_share is None else None,
        playout=watched.playout,
        rendition=None if watched.bound is None else watched.bound.rendition,
        call=call_quality(judged.ms, person.loss_share) if requirement.call else None,
    )


def lacked_speed(person: PersonReport) -> bool:
    """Return whether the rate limited the score, or the player stopped for want of it."""
    stalled = person.playout is not None and (person.playout.stalls > 0 or person.playout.start_up_s is None)
    return stalled or person.outcome.limited_by == "throughput"


def _without_rate(person: PersonReport) -> PersonReport:
    """Judge no one by a rate that a busy device may have limited."""
    if not lacked_speed(person):
        return person
    outcome = msgspec.structs.replace(person.outcome, score=None, qoo=None, limited_by=None)
    return msgspec.structs.replace(person, outcome=outcome, band=None, verdict=verdict_key(person.activity, None))


def _witness(people: Iterable[PersonFacts]) -> tuple[float, ...]:
    """Return the kernel's round trips of the connection with the least p95; empty if none has enough.

    Each has its own flaw, and every flaw makes it longer: acknowledgements that the device delays, and on a line with
    fair queues the queue of the connection's own bulk.
    """
    enough = [person.kernel_ms for person in people if len(person.kernel_ms) >= MIN_KERNEL_SAMPLES]
    return min(enough, key=lambda series: percentile(series, 95) or 0.0, default=())


def _bulk_of(facts: RunFacts) -> PersonFacts | None:
    return next((person for person in facts.people if person.activity == BULK_TRANSFER), None)


def _uploads_only(bulk: PersonFacts | None) -> bool:
    return bulk is not None and bulk.download.wanted_bps == 0 < bulk.upload.wanted_bps


def _retransmitted(people: Iterable[PersonFacts]) -> bool | None:
    counts = [person.retransmits for person in people if person.retransmits is not None]
    return any(counts) if counts else None


def _is_disproved(lost: float | None, people: Iterable[PersonFacts]) -> bool:
    """Return whether pings seem lost, but a late device changed the order of their answers: nothing was sent again."""
    return bool(lost) and _retransmitted(people) is False


def _means_agree(pings: _Series, kernel: _Series) -> bool:
    loaded_ms, kernel_ms = (percentile(moving_means(each.ms, MEANS_OF), 95) for each in (pings, kernel))
    if pings.baseline_ms is None or kernel.baseline_ms is None or loaded_ms is None or kernel_ms is None:
        return False
    idle_ms = min(pings.baseline_ms, kernel.baseline_ms)
    return means_agree(increase(pings.baseline_ms, loaded_ms), increase(idle_ms, kernel_ms))


def _attribution(facts: RunFacts, kernel_ms: Sequence[float], lost: float | None, *, unanswered: bool) -> Attribution:
    probe, circumstances = facts.probe, facts.circumstances
    bulk = _bulk_of(facts)
    baseline_ms, kernel_idle_ms = baseline(probe.idle_ms), percentile(probe.kernel_idle_ms, 50)
    kernel_p95_ms = percentile(kernel_ms, 95)
    # No queue of the line holds an answer for as long as the recovery lasts while the kernel's round trip is short.
    silent = (
        unanswered and (lost or 0.0) < MAX_LOSS_SHARE and kernel_p95_ms is not None and kernel_p95_ms < MAX_QUEUE_MS
    )
    return attribute(
        Evidence(
            baseline_ms=baseline_ms,
            loaded_p95_ms=percentile(probe.loaded_ms, 95),
            kernel_idle_ms=kernel_idle_ms,
            kernel_p95_ms=kernel_p95_ms,
            kernel_count=len(kernel_ms),
            means_agree=_means_agree(_Series(probe.loaded_ms, baseline_ms), _Series(kernel_ms, kernel_idle_ms)),
            loss_share=lost,
            retransmitted=_retransmitted(facts.people),
            server_late=circumstances.server_overloaded or circumstances.server_limited,
            client_late=circumstances.client_overloaded or silent,
            receiver_limited=None if bulk is None or _uploads_only(bulk) else bulk.receiver_limited,
            client_limited=bulk is not None and bulk.client_limited,
        )
    )


def report(facts: RunFacts, requirements: Requirements) -> RunReport:
    """Raise ValueError for an unknown activity and impossible figures."""
    require_amount(facts.load_s, "load_s")
    needs = [requirements.of(person.activity, f"people[{index}].activity") for index, person in enumerate(facts.people)]
    baseline_ms = baseline(facts.probe.idle_ms)
    latency = latency_figures(facts.probe.loaded_ms, baseline_ms)
    probe = facts.probe
    counted = [(len(probe.loaded_ms), probe.answered, probe.loaded_sent)]
    for requirement, person in zip(needs, facts.people, strict=True):
        if requirement.latency_from == "own":
            answered = len(person.round_trips_ms)
            counted.append((answered, answered, person.pings_sent))
    lost = loss_share(len(probe.loaded_ms) + len(probe.repaired_ms), len(probe.loaded_ms))
    kernel_ms = _witness(facts.people)
    unanswered = any(answered < MIN_ANSWERED_SHARE * sent for _, answered, sent in counted)
    attribution = _attribution(facts, kernel_ms, lost, unanswered=unanswered)
    kernel = latency_figures(kernel_ms, attribution.kernel_baseline_ms)
    circumstances = facts.circumstances
    carrying = _Series(probe.loaded_ms, baseline_ms)
    if by_kernel := attribution.witness == "kernel":
        carrying = _Series(kernel_ms, attribution.kernel_baseline_ms)
        # The kernel needs neither timers nor answers of the client.
        circumstances, counted = msgspec.structs.replace(circumstances, client_overloaded=False), []
    elif attribution.cause == "device":
        circumstances = msgspec.structs.replace(circumstances, client_overloaded=True)
    unknown = attribution.cause == "unknown" and attribution.witness is None and latency.increase_p95_ms is not None
    invalid = invalid_reasons(circumstances, len(facts.probe.idle_ms), counted, witnessed=not unknown)
    carrying_p95_ms = carrying.figures.p95_ms
    graded = None
    if carrying.baseline_ms is not None and carrying_p95_ms is not None:
        graded = grade(carrying.baseline_ms, carrying_p95_ms)

    if _uploads_only(_bulk_of(facts)):
        attribution = with_limit_of_upload(attribution, graded)

    def judged(requirement: Requirement, person: PersonFacts) -> _Series:
        own_ms = person.kernel_ms if by_kernel else person.round_trips_ms
        if requirement.latency_from != "own" or (by_kernel and len(own_ms) < MIN_KERNEL_SAMPLES):
            return carrying
        return _Series(own_ms, carrying.baseline_ms)

    reports = [
        _person(
            requirements,
            person,
            judged(requirement, person),
            facts.load_s,
            _Series(person.round_trips_ms, baseline_ms),
        )
        for requirement, person in zip(needs, facts.people, strict=True)
    ]
    if attribution.cause == "device":
        reports = [_without_rate(person) for person in reports]
    return RunReport(
        valid=not invalid,
        invalid=invalid,
        grade=graded,
        baseline_ms=baseline_ms,
        idle=latency_figures(facts.probe.idle_ms, baseline_ms),
        latency=latency,
        kernel=kernel,
        attribution=attribution,
        loss_share=None if attribution.cause == "device" or _is_disproved(lost, facts.people) else lost,
        people=tuple(reports),
    )
