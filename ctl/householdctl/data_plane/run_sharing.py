"""Run report for the server, and the stored run's URL."""

from __future__ import annotations

import json
import math
import time
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from household_scoring.directions import worst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from household_scoring.latency import LatencyFigures
    from household_scoring.measurements import Direction
    from household_scoring.report import PersonReport, RunReport
    from householdctl.data_plane.played import PlayedStretch
    from householdctl.data_plane.server_url import Server
    from householdctl.data_plane.warm_up import WarmUp

MAX_POINTS = 240
MAX_BYTES = 16 * 1024
"""Of a text message that the server takes."""

BUCKET_S = 0.25
"""Least seconds per point; long runs use a multiple."""

Point = tuple[float, float | None, int, int]
"""Seconds since the begin, delay in ms, down and up in bit/s."""

Portion = tuple[float, int]
"""Time, bytes."""


REASONS = {
    "disabled": "the server keeps no runs",
    "too_many": "too many runs came from this part of the network",
    "busy": "the server is too busy to keep it",
    "unavailable": "the server cannot keep it at the moment",
}


def message(
    stretches: Sequence[PlayedStretch],
    phases: Mapping[str, tuple[float, float]],
    warm_up: WarmUp | None,
    course: Callable[[int], list[Point]],
) -> dict[str, Any]:
    """Return the ``run_report`` of docs/protocol.md; ``phases`` are in seconds since the begin.

    ``course`` returns so many points at most; a message of several stretches may have room for fewer.
    """
    found = worst(stretches).report
    began, ended = phases["load"]
    sent = {
        "type": "run_report",
        "ended_at": round(time.time() * 1e3),
        "client": {"kind": "householdctl", "version": version("householdd")},
        "load_s": round(ended - began, 3),
        "phases": [
            {"name": name, "from_s": round(begin, 3), "until_s": round(end, 3)} for name, (begin, end) in phases.items()
        ],
        "baseline_ms": found.baseline_ms,
        "idle": _latency(found.idle),
        **_result(found),
        "warm_up_mbps": round(warm_up.line_bps / 1e6, 3) if warm_up and warm_up.line_bps is not None else None,
        **_connections(warm_up),
        # An older server, for which only downloads were played, knows no such field.
        **({"stretches": [_stretch(each) for each in stretches]} if len(stretches) > 1 else {}),
    }
    most = MAX_POINTS
    while len(json.dumps(sent | {"timeline": course(most)}, separators=(",", ":"))) > MAX_BYTES:
        most //= 2
    return sent | {"timeline": course(most)}


def _connections(warm_up: WarmUp | None) -> dict[str, Any]:
    """Return what one connection gets of a line that it does not fill; an older server knows no such fields."""
    if warm_up is None or warm_up.single_bps is None or warm_up.connections == 1:
        return {}
    return {"single_connection_mbps": round(warm_up.single_bps / 1e6, 3), "connections": warm_up.connections}


def _stretch(played: PlayedStretch) -> dict[str, Any]:
    span = {"from_s": round(played.from_s, 3), "until_s": round(played.until_s, 3)}
    return {"stretch": played.stretch, **span, **_result(played.report)}


def _result(found: RunReport) -> dict[str, Any]:
    """Return what was found under load."""
    attribution = found.attribution
    # An older server knows no such fields, and sends no samples either.
    by_samples = {"cause": attribution.cause, "means_agree": attribution.means_agree}
    cause = {} if attribution.kernel_baseline_ms is None else by_samples
    return {
        "loaded": _latency(found.latency),
        "loss_share": found.loss_share,
        "invalid": list(found.invalid),
        "people": [_person(person) for person in found.people],
        **cause,
    }


def points(
    began: float,
    ended: float,
    round_trips: Iterable[tuple[float, float]],
    received: Iterable[Portion],
    sent: Iterable[Portion],
    most: int = MAX_POINTS,
) -> list[Point]:
    """Return ``most`` points or fewer; times are in seconds of one clock.

    ``round_trips`` have the time of a ping; points have the median of their pings.
    """
    bucket_s = BUCKET_S * max(math.ceil((ended - began) / BUCKET_S / most), 1)
    count = math.floor((ended - began) / bucket_s)
    delays: list[list[float]] = [[] for _ in range(count)]
    for at, seconds in round_trips:
        if 0 <= (place := math.floor((at - began) / bucket_s)) < count:
            delays[place].append(seconds * 1e3)
    down, up = (_mean_rates(portions, began, bucket_s, count) for portions in (received, sent))
    return [
        (round(place * bucket_s, 3), round(median(delay), 2) if delay else None, down[place], up[place])
        for place, delay in enumerate(delays)
    ]


def _mean_rates(portions: Iterable[Portion], began: float, bucket_s: float, count: int) -> list[int]:
    sums = [0] * count
    for at, size in portions:
        if 0 <= (place := math.floor((at - began) / bucket_s)) < count:
            sums[place] += size
    return [round(total * 8 / bucket_s) for total in sums]


def permalink(server: Server, path: str) -> str:
    parts = urlsplit(server.websocket_url)
    return urlunsplit(("https" if parts.scheme == "wss" else "http", parts.netloc, "/", "", "")) + path


def _person(person: PersonReport) -> dict[str, Any]:
    playout = person.playout
    return {
        "who": person.who,
        "activity": person.activity,
        "score": _rounded(person.outcome.score),
        "band": person.band,
        "verdict": person.verdict,
        "download": _rates(person.download),
        "upload": _rates(person.upload),
        "latency": {name: _rounded(figure) for name, figure in _latency(person.own_latency).items()},
        # A picture that never started did not stall.
        "stall_s": None if playout is None or playout.start_up_s is None else _rounded(playout.stall_s),
        "mos": None if person.call is None else _rounded(person.call.mos),
        "rendition": person.rendition,
        "qoo": _rounded(person.outcome.qoo),
        "percentiles_ms": [_rounded(each) for each in person.percentiles_ms],
    }


def _rounded(figure: float | None) -> float | None:
    """Return what a message of several stretches has room for; nothing is computed from it."""
    return None if figure is None else round(figure, 3)


def _rates(direction: Direction) -> dict[str, int]:
    return {"wanted_bps": round(direction.wanted_bps), "got_bps": round(direction.got_bps)}


def _latency(figures: LatencyFigures) -> dict[str, Any]:
    return {
        "count": figures.count,
        "p50_ms": figures.p50_ms,
        "p95_ms": figures.p95_ms,
        "p99_ms": figures.p99_ms,
        "jitter_ms": figures.jitter_ms,
    }
