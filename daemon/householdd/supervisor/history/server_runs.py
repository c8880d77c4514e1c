"""Runs as seen by the server, for clients that report none, such as those of the earlier system."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import re
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from household.internal.v1 import recorder_service_pb2 as pb
from household.v1 import session_pb2
from household_scoring.validity import Invalid
from household_scoring.verdict import verdict_key
from householdd.admission.run_index import MAX_SESSIONS_PER_RUN, Household
from householdd.api.convert import seconds, unix
from householdd.measure.run_report import ClientRunReport, Person, Phase, Rates, ReportClient, ReportedLatency
from householdd.supervisor.history.attribution import attribute_server_run
from householdd.supervisor.history.ended_session import EndedSession
from householdd.supervisor.history.judged_run import JudgedRun, JudgedStretch
from householdd.traffic.profiles import PROBE
from householdd.version import VERSION

SETTLE_S = 3.0
"""Time in which a household may reconnect after its last session, in seconds; the old worker does after 1 s."""

MIN_PEOPLE = 2
"""Least number of people in a household."""

MIN_LOAD_S = 5.0
"""Shortest run worth storing, in seconds."""

MAX_HOUSEHOLDS = 10_000

MAX_SAMPLES = 4_000_000
"""Most round trips of the kernel that wait for a report of their run, 32 MB; the earliest are dropped. A household
leaves some 5,000, for four seconds."""

MAX_PEOPLE = 8
MAX_MS = 600_000.0
MAX_LOAD_S = 3600.0

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")

_LOST = {
    session_pb2.CLOSE_REASON_CONNECTION_LOST,
    session_pb2.CLOSE_REASON_PROBES_FAILED,
    session_pb2.CLOSE_REASON_INACTIVE,
    session_pb2.CLOSE_REASON_WORKER_LOST,
}


@dataclass
class _Open:
    live: set[str] = field(default_factory=set)
    ended: list[EndedSession] = field(default_factory=list)
    reports: bool = False
    """Whether its client reports its run."""
    probed_at: float = math.inf
    """Unix time at which its first measuring connection opened."""
    timer: asyncio.TimerHandle | None = None
    """Set once the last session has ended."""


class ServerRuns:
    """Collects the sessions of each household until its run ends."""

    def __init__(
        self,
        activities: Mapping[str, str],
        store: Callable[[session_pb2.Session, JudgedRun], object],
        settle_s: float = SETTLE_S,
    ) -> None:
        """``activities`` are by profile. ``store`` is called with the last session and the run."""
        self._activities = activities
        self._store = store
        self._settle_s = settle_s
        self._households: OrderedDict[Household, _Open] = OrderedDict()
        self._sampled: deque[EndedSession] = deque()
        """In order of their ends; some of them may have no samples any more."""
        self._samples = 0
        """Round trips kept."""

    def opened(self, household: Household, session: session_pb2.Session) -> None:
        """Note a live session."""
        if not household[0]:
            return
        known = self._households.setdefault(household, _Open())
        if len(self._households) > MAX_HOUSEHOLDS:
            self._forget(self._households.popitem(last=False)[1])
        known.live.add(session.id)
        # The current client measures on a probe session, and reports there.
        if session.profile == PROBE.key:
            known.reports = True
            known.probed_at = min(known.probed_at, unix(session.opened_at))
        _cancel(known)

    def probed_at(self, household: Household) -> float:
        """Return the Unix time at which a run's first measuring connection opened; infinity if that is not known."""
        known = self._households.get(household)
        return math.inf if known is None else known.probed_at

    def reported(self, household: Household) -> list[EndedSession]:
        """Note that a client has reported the run itself; return its ended sessions, and keep no samples of them."""
        known = self._households.get(household)
        if known is None:
            return []
        known.reports = True
        ended = [dataclasses.replace(each) for each in known.ended]
        self._drop_samples(known.ended)
        return ended

    def ended(self, household: Household, ended: EndedSession) -> None:
        """Note the end of a session."""
        known = self._households.get(household)
        if known is None:
            return
        known.live.discard(ended.session.id)
        known.ended.append(ended)
        if known.reports:
            self._note_samples(ended)
        else:
            ended.samples = None
        self._drop_samples(known.ended[:-MAX_SESSIONS_PER_RUN])
        del known.ended[:-MAX_SESSIONS_PER_RUN]
        if not known.live:
            _cancel(known)
            loop = asyncio.get_running_loop()
            known.timer = loop.call_later(self._settle_s, self._finish, household)

    def close(self) -> None:
        """Store the runs whose sessions have all ended."""
        for household, known in list(self._households.items()):
            _cancel(known)
            if not known.live:
                self._finish(household)

    def _finish(self, household: Household) -> None:
        known = self._households.pop(household)
        self._forget(known)
        if known.reports:
            return
        report = run_of(known.ended, self._activities)
        if report is None:
            return
        sessions = [each.session for each in known.ended]
        found = attribute_server_run(report, sessions, [each.delays for each in known.ended])
        self._store(sessions[-1], JudgedRun(report, (JudgedStretch(report, found),)))

    def _note_samples(self, ended: EndedSession) -> None:
        self._sampled.append(ended)
        self._samples += ended.sample_count
        while self._sampled and (self._samples > MAX_SAMPLES or not self._sampled[0].sample_count):
            self._drop_samples([self._sampled.popleft()])

    def _drop_samples(self, ended: Iterable[EndedSession]) -> None:
        for each in ended:
            self._samples -= each.sample_count
            each.samples = None

    def _forget(self, known: _Open) -> None:
        _cancel(known)
        self._drop_samples(known.ended)


def run_of(ended: list[EndedSession], activities: Mapping[str, str]) -> ClientRunReport | None:
    """Return the run of these sessions; None if they are not a household.

    It is always invalid: there is no idle line to compare with, and the pings' delay may be the client's own.
    """
    by_profile: dict[str, list[EndedSession]] = {}
    for each in ended:
        by_profile.setdefault(each.session.profile, []).append(each)
    began = min(unix(each.session.opened_at) for each in ended)
    until = max(unix(each.session.closed_at) for each in ended)
    load_s = min(until - began, MAX_LOAD_S)
    if len(by_profile) < MIN_PEOPLE or load_s < MIN_LOAD_S:
        return None
    people = [_person(who, _activity(activities.get(who, "")), some) for who, some in by_profile.items()]
    nothing = ReportedLatency(count=0, p50_ms=None, p95_ms=None, p99_ms=None, jitter_ms=None)
    return ClientRunReport(
        ended_at=until * 1e3,
        client=ReportClient(kind="server", version=VERSION),
        load_s=load_s,
        phases=(Phase(name="load", from_s=0.0, until_s=load_s),),
        baseline_ms=None,
        idle=nothing,
        loaded=nothing,
        people=tuple(people[:MAX_PEOPLE]),
        invalid=_invalid([each.session for each in ended]),
    )


def _activity(text: str) -> str:
    """Return an activity as allowed in a report."""
    return text if _WORD.fullmatch(text) else "unknown"


def _invalid(sessions: list[session_pb2.Session]) -> tuple[Invalid, ...]:
    reasons = {session.close_reason for session in sessions}
    found = [Invalid.TOO_FEW_SAMPLES]
    if reasons & _LOST:
        found.append(Invalid.CONNECTION_LOST)
    if session_pb2.CLOSE_REASON_OVERLOADED in reasons:
        found.append(Invalid.SERVER_OVERLOADED)
    if any(session.server_limited for session in sessions):
        found.append(Invalid.SERVER_LIMITED)
    return tuple(found)


def _person(who: str, activity: str, ended: list[EndedSession]) -> Person:
    sessions = [each.session for each in ended]
    age = sum(seconds(session.age) for session in sessions)
    latest = sessions[-1]
    return Person(
        who=who,
        activity=activity,
        score=None,
        band=None,
        verdict=verdict_key(activity, None),
        download=Rates(
            wanted_bps=latest.target_download_bps, got_bps=_rate(sum(each.sent_bytes for each in sessions), age)
        ),
        upload=Rates(
            wanted_bps=latest.target_upload_bps, got_bps=_rate(sum(each.received_bytes for each in sessions), age)
        ),
        latency=_latency(max((each.delays for each in ended), key=lambda delays: delays.count)),
    )


def _rate(count: int, age: float) -> float:
    return round(count * 8 / age) if age > 0 else 0.0


def _latency(delays: pb.Delays) -> ReportedLatency:
    if not delays.count:
        return ReportedLatency(count=0, p50_ms=None, p95_ms=None, p99_ms=None, jitter_ms=None)
    p50, p95, p99 = sorted(_ms(each) for each in (delays.p50_ms, delays.p95_ms, delays.p99_ms))
    return ReportedLatency(count=delays.count, p50_ms=p50, p95_ms=p95, p99_ms=p99, jitter_ms=_ms(delays.jitter_ms))


def _ms(value: float) -> float:
    return round(min(value, MAX_MS), 2)


def _cancel(known: _Open) -> None:
    if known.timer is not None:
        known.timer.cancel()
        known.timer = None
