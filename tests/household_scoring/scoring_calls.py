"""The calls that the vectors of scoring name, with arguments and results as JSON has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from household_scoring.attribution import Attribution, Evidence, attribute, means_agree
from household_scoring.call import call_quality, mos_of_rating, transmission_rating
from household_scoring.directions import Stretch, graded_increase, hurting, worst
from household_scoring.grade import Grade, grade
from household_scoring.home_or_line import AddedDelay, GatewayPings, Location, added_delay, locate
from household_scoring.latency import baseline, latency_figures
from household_scoring.loss import LoadedPings, line_loss
from household_scoring.measurements import Circumstances, Direction, RunFacts
from household_scoring.outcome import Outcome, component, quality_of_outcome
from household_scoring.playout import Arrival, Playout, play
from household_scoring.remedy import Finding, Remedy, openwrt_lines, remedy
from household_scoring.report import RunReport, delivery, report
from household_scoring.requirements import Requirement, shipped
from household_scoring.retransmissions import Fates, ProbePing, tell_fates
from household_scoring.shortfall import Judged, Shortfall, shortfalls
from household_scoring.statistics import jitter, loss_share, moving_means, percentile, percentiles
from household_scoring.validity import Invalid, invalid_reasons
from household_scoring.verdict import band, verdict_key

Json: TypeAlias = Any
"""What JSON can say: checked where it is converted."""


class _Stretch(msgspec.Struct, rename="camel"):
    stretch: Stretch
    valid: bool
    increase_ms: float | None


def _outcome(requirement: Json, round_trips_ms: Json, loss: float | None, delivered: float | None) -> Outcome:
    needs = (
        shipped().activities[requirement] if isinstance(requirement, str) else msgspec.convert(requirement, Requirement)
    )
    return quality_of_outcome(needs, round_trips_ms, loss, delivered)


def _play(arrivals: Json, video_bps: float, start_s: float, resume_s: float, until_s: float) -> Playout:
    in_time = msgspec.convert(arrivals, tuple[Arrival, ...])
    return play(in_time, video_bps=video_bps, start_s=start_s, resume_s=resume_s, until_s=until_s)


def _invalid_reasons(circumstances: Json, idle_count: int, loaded: Json) -> tuple[Invalid, ...]:
    return invalid_reasons(msgspec.convert(circumstances, Circumstances), idle_count, loaded)


def _verdict(activity: str, score: float | None, playout: Json) -> str:
    return verdict_key(activity, band(shipped(), score, msgspec.convert(playout, Playout | None)))


def _delivery(directions: Json) -> float | None:
    return delivery(msgspec.convert(directions, tuple[Direction, ...]))


def _report(facts: Json) -> RunReport:
    return report(msgspec.convert(facts, RunFacts), shipped())


def _shortfalls(given: Json, idle_ms: float | None, people: Json, lossy: Json) -> tuple[Shortfall, ...]:
    judged = msgspec.convert(people, list[Judged])
    return shortfalls(msgspec.convert(given, Grade | None), idle_ms, judged, lossy=lossy)


def _line_loss(stretches: Json) -> float | None:
    return line_loss(msgspec.convert(stretches, list[LoadedPings]))


def _remedy(finding: Json) -> Remedy | None:
    return remedy(msgspec.convert(finding, Finding))


def _openwrt_lines(limits: Json) -> tuple[str, ...]:
    return openwrt_lines(msgspec.convert(limits, Remedy))


def _graded_increase(facts: Json) -> float | None:
    return graded_increase(_report(facts))


def _worst(stretches: Json) -> _Stretch:
    return worst(msgspec.convert(stretches, list[_Stretch]))


def _hurting(stretches: Json) -> Stretch | None:
    return hurting(msgspec.convert(stretches, list[_Stretch]))


def _tell_fates(connections: Json) -> Fates:
    return tell_fates(msgspec.convert(connections, list[list[ProbePing]]))


def _attribute(evidence: Json) -> Attribution:
    return attribute(msgspec.convert({"baselineMs": None, "loadedP95Ms": None} | evidence, Evidence))


def _added_delay(facts: Json) -> AddedDelay:
    return added_delay(_report(facts))


def _locate(added: Json, gateway: Json) -> Location:
    return locate(msgspec.convert(added, AddedDelay), msgspec.convert(gateway, GatewayPings))


CALLS: dict[str, Callable[..., object]] = {
    "addedDelay": _added_delay,
    "attribute": _attribute,
    "baseline": baseline,
    "callQuality": call_quality,
    "component": component,
    "delivery": _delivery,
    "grade": grade,
    "gradedIncrease": _graded_increase,
    "hurting": _hurting,
    "invalidReasons": _invalid_reasons,
    "jitter": jitter,
    "latencyFigures": latency_figures,
    "lineLoss": _line_loss,
    "locate": _locate,
    "lossShare": loss_share,
    "meansAgree": means_agree,
    "mosOfRating": mos_of_rating,
    "movingMeans": moving_means,
    "openwrtLines": _openwrt_lines,
    "outcome": _outcome,
    "percentile": percentile,
    "percentiles": percentiles,
    "play": _play,
    "remedy": _remedy,
    "report": _report,
    "shortfalls": _shortfalls,
    "tellFates": _tell_fates,
    "transmissionRating": transmission_rating,
    "verdict": _verdict,
    "worst": _worst,
}


def revive(value: Json) -> Json:
    """What JSON cannot say: ``{"repeat": [[value, times], ...]}`` is a list, "NaN" and "Infinity" are numbers."""
    if isinstance(value, dict):
        if value.keys() == {"repeat"}:
            return [each for each, times in value["repeat"] for _ in range(times)]
        return {key: revive(each) for key, each in value.items()}
    if isinstance(value, list):
        return [revive(each) for each in value]
    return float(value) if value in {"NaN", "Infinity"} else value


def evaluate(call: str, args: list[Json]) -> Json:
    """The result of the call as JSON has it."""
    return msgspec.json.decode(msgspec.json.encode(CALLS[call](*args)))


def difference(actual: Json, expected: Json, where: str = "result") -> str:
    """Where ``actual`` is not what is expected, empty where it is; numbers agree to 1e-9.

    Of an object only the expected members are compared.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        members = (difference(actual.get(key, "missing"), each, f"{where}.{key}") for key, each in expected.items())
        return next(filter(None, members), "")
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        elements = (difference(actual[index], each, f"{where}[{index}]") for index, each in enumerate(expected))
        return next(filter(None, elements), "")
    number = (int, float)
    if isinstance(expected, number) and isinstance(actual, number) and not isinstance(expected, bool):
        same = abs(actual - expected) <= 1e-9 * max(1.0, abs(expected))
    else:
        same = actual == expected
    return "" if same else f"{where} is {actual!r}, expected {expected!r}"
