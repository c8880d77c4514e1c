"""Runs as seen by the server, for clients that report none, such as those of the earlier system."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from household.internal.v1 import recorder_service_pb2 as pb
from household.v1 import session_pb2
from household_scoring.validity import Invalid
from household_scoring.verdict import verdict_key
from householdd.admission.run_index import Household
from householdd.api.convert import seconds, unix
from householdd.measure.run_report import ClientRunReport, Person, Phase, Rates, ReportClient, ReportedLatency
from householdd.supervisor.history.attribution import attribute_server_run
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
MAX_SESSIONS = 16
"""Most sessions of one run; the earliest are dropped."""

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
class _Ended:
    session: session_pb2.Session
    delays: pb.Delays


@dataclass
class _Open:
    live: set[str] = field(default_factory=set)
    ended: list[_Ended] = field(default_factory=list)
    reports: bool = False
    """Whether its client reports its run."""
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

    def opened(self, household: Household, session: session_pb2.Session) -> None:
        """Note a live session."""
        if not household[0]:
            return
        known = self._households.setdefault(household, _Open())
        if len(self._households) > MAX_HOUSEHOLDS:
            _cancel(self._households.popitem(last=False)[1])
        known.live.add(session.id)
        # The current client measures on a probe session, and reports there.
        known.reports |= session.profile == PROBE.key
        _cancel(known)

    def reported(self, household: Household) -> None:
        """Note that a client has reported the run itself."""
        if household in self._households:
            self._households[household].reports = True

    def sessions(self, household: Household) -> list[session_pb2.Session]:
        """Return the ended sessions of a run."""
        known = self._households.get(household)
        return [] if known is None else [each.session for each in known.ended]

    def ended(self, household: Household, session: session_pb2.Session, delays: pb.Delays) -> None:
        """Note the end of a session."""
        known = self._households.get(household)
        if known is None:
            return
        known.live.discard(session.id)
        known.ended = [*known.ended, _Ended(session, delays)][-MAX_SESSIONS:]
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
        if known.reports:
            return
        report = run_of(known.ended, self._activities)
        if report is None:
            return
        sessions = [each.session for each in known.ended]
        found = attribute_server_run(report, sessions, [each.delays for each in known.ended])
        self._store(sessions[-1], JudgedRun(report, (JudgedStretch(report, found),)))


def run_of(ended: list[_Ended], activities: Mapping[str, str]) -> ClientRunReport | None:
    """Return the run of these sessions; None if they are not a household.

    It is always invalid: there is no idle line to compare with, and the pings' delay may be the client's own.
    """
    by_profile: dict[str, list[_Ended]] = {}
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


def _person(who: str, activity: str, ended: list[_Ended]) -> Person:
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
