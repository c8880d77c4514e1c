"""Samples of a worker for the metrics of the daemon."""

from __future__ import annotations

from collections.abc import Iterator

from household.v1 import server_service_pb2 as pb
from householdd.admission.admission import Cause
from householdd.api import metric_families as metrics
from householdd.api.metric_families import Family
from householdd.logs import setup
from householdd.measure.histogram import Histogram
from householdd.session.close_reason import CloseReason
from householdd.session.states import SessionState
from householdd.worker.control_loop import ControlLoop
from householdd.worker.profile_totals import ProfileTotals, Tally
from householdd.worker.session_manager import SessionManager
from householdd.worker.session_stats import SessionStats

_STATES = [state for state in SessionState if state not in (SessionState.HANDSHAKE, SessionState.CLOSED)]
"""States of live sessions."""


def take(manager: SessionManager, loop: ControlLoop, stats: SessionStats, census: pb.Census) -> Iterator[pb.Sample]:
    """Yield all samples; ``stats`` and ``census`` are those of the same response."""
    for profile, each in stats.totals.items():
        yield from _profile(profile, each)
    yield from _live(stats)
    for cause in Cause:
        yield _number(metrics.HANDSHAKES_REFUSED, manager.refusals[cause], cause.value)
    for kind in ("malformed", "unknown", "framing", "flooding", "unread", "unasked"):
        yield _number(metrics.PROTOCOL_ERRORS, sum(getattr(each.tally, kind) for each in stats.totals.values()), kind)
    timing = manager.timing
    yield _histogram(metrics.ROUND_TRIP, timing.round_trip)
    yield _histogram(metrics.TCP_ROUND_TRIP, timing.tcp_round_trip)
    yield _histogram(metrics.EVIDENCE_AGE, timing.evidence_age)
    yield _histogram(metrics.TICK_LATENESS, timing.tick_lateness)
    yield _histogram(metrics.PASS_GAP, timing.pass_gap)
    yield _histogram(metrics.PASS_DURATION, timing.pass_duration)
    yield _number(metrics.SLOW_PASSES, loop.slow_passes)
    yield _number(metrics.OVERLOAD_STEP, loop.overloading.controller.level)
    yield _number(metrics.CONNECTIONS, census.connections)
    yield _number(metrics.WATCHES, census.watches)
    yield _number(metrics.TASKS, census.tasks)
    yield _number(metrics.LOG_LINES_DROPPED, setup.dropped_lines(), "worker")


def _profile(profile: str, totals: ProfileTotals) -> Iterator[pb.Sample]:
    tally = totals.tally
    yield _number(metrics.SESSIONS_OPENED, totals.opened, profile)
    for reason in CloseReason:
        yield _number(metrics.SESSIONS_CLOSED, totals.closed[reason], profile, reason.value)
    yield _number(metrics.SESSIONS_QUIETED, tally.quiets, profile)
    yield _number(metrics.PAYLOAD, tally.sent, profile, "download")
    yield _number(metrics.PAYLOAD, tally.received, profile, "upload")
    yield from _dropped(profile, tally)
    yield _number(metrics.PINGS_SENT, tally.pings, profile)
    yield _number(metrics.PINGS_ANSWERED, tally.pongs, profile)
    yield _number(metrics.PROBE_FAILURES, tally.probe_failures, profile)
    yield _number(metrics.TCP_SENT, tally.tcp_sent, profile)
    yield _number(metrics.TCP_RETRANSMITTED, tally.tcp_resent, profile)
    yield _number(metrics.TCP_RETRANSMITTED_SEGMENTS, tally.segments_resent, profile)


def _dropped(profile: str, tally: Tally) -> Iterator[pb.Sample]:
    parts = {
        "download": (tally.download_dropped, tally.download_skipped, tally.download_missed),
        "upload": (tally.upload_dropped, tally.upload_skipped, tally.upload_missed),
    }
    for direction, (dropped, skipped, missed) in parts.items():
        for cause, value in (("gate", skipped), ("late", missed), ("connection", dropped - skipped - missed)):
            yield _number(metrics.PAYLOAD_DROPPED, value, profile, direction, cause)


def _live(stats: SessionStats) -> Iterator[pb.Sample]:
    for profile, live in stats.live.items():
        for state in _STATES:
            yield _number(metrics.SESSIONS, stats.states[profile, state], profile, state.value)
        yield _number(metrics.SESSIONS_LIMITED, live.limited, profile)
        yield _number(metrics.TCP_UNSENT, live.unsent, profile)
        yield _number(metrics.TCP_UNACKED, live.unacked, profile)
        yield _number(metrics.WRITE_BUFFER, live.buffered, profile)


def _number(family: Family, value: float, *labels: str) -> pb.Sample:
    return pb.Sample(metric=family.name, labels=labels, value=value)


def _histogram(family: Family, histogram: Histogram) -> pb.Sample:
    return pb.Sample(metric=family.name, value=histogram.sum, counts=histogram.counts)
