"""Report of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from household_scoring.call import CallQuality, call_quality
from household_scoring.grade import Grade, grade
from household_scoring.latency import LatencyFigures, baseline, latency_figures
from household_scoring.measurements import Direction, PersonFacts, RunFacts
from household_scoring.outcome import Outcome, quality_of_outcome
from household_scoring.playout import Playout, play
from household_scoring.requirements import Band, Requirement, Requirements
from household_scoring.statistics import loss_share
from household_scoring.validation import require_amount
from household_scoring.validity import Invalid, invalid_reasons
from household_scoring.verdict import band, verdict_key


class PersonReport(msgspec.Struct, frozen=True, rename="camel"):
    """A person under load."""

    who: str
    activity: str
    outcome: Outcome
    band: Band | None
    verdict: str
    latency: LatencyFigures
    """Of the round trips that were scored."""
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
    loss_share: float | None
    """Share of the probe's pings under load of which TCP retransmitted ping or answer; None without pings.

    Pings held behind a retransmission are excluded.
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


def _playout(requirement: Requirement, person: PersonFacts, load_s: float) -> Playout | None:
    player = requirement.player
    if player is None or person.download.wanted_bps == 0:
        return None
    return play(
        person.arrivals,
        video_bps=player.video_share * person.download.wanted_bps,
        start_s=player.start_s,
        resume_s=player.resume_s,
        until_s=load_s,
    )


def _person(
    requirements: Requirements,
    requirement: Requirement,
    person: PersonFacts,
    facts: RunFacts,
    baseline_ms: float | None,
) -> PersonReport:
    judged_ms = person.round_trips_ms if requirement.latency_from == "own" else facts.probe.loaded_ms
    delivered = delivery((person.download, person.upload))
    outcome = quality_of_outcome(requirement, judged_ms, person.loss_share, delivered)
    playout = _playout(requirement, person, facts.load_s)
    how = band(requirements, outcome.score, playout)
    return PersonReport(
        who=person.who,
        activity=person.activity,
        outcome=outcome,
        band=how,
        verdict=verdict_key(person.activity, how),
        latency=latency_figures(judged_ms, baseline_ms),
        latency_from=requirement.latency_from,
        own_latency=latency_figures(person.round_trips_ms, baseline_ms),
        download=person.download,
        upload=person.upload,
        delivery=delivered,
        loss_share=person.loss_share,
        loss_note="loss.hidden_by_tcp" if person.loss_share is None else None,
        playout=playout,
        call=call_quality(judged_ms, person.loss_share) if requirement.call else None,
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
    invalid = invalid_reasons(facts.circumstances, len(facts.probe.idle_ms), counted)
    graded = None if baseline_ms is None or latency.p95_ms is None else grade(baseline_ms, latency.p95_ms)
    return RunReport(
        valid=not invalid,
        invalid=invalid,
        grade=graded,
        baseline_ms=baseline_ms,
        idle=latency_figures(facts.probe.idle_ms, baseline_ms),
        latency=latency,
        loss_share=loss_share(len(probe.loaded_ms) + len(probe.repaired_ms), len(probe.loaded_ms)),
        people=tuple(
            _person(requirements, requirement, person, facts, baseline_ms)
            for requirement, person in zip(needs, facts.people, strict=True)
        ),
    )
