"""The sessions of one worker."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from enum import Enum

import structlog

from householdd.admission.admission import Admission, Cause
from householdd.admission.pending_handshakes import PendingHandshakes
from householdd.capacity.work_accounts import WorkAccounts
from householdd.clients.client_key import ClientKey
from householdd.measure.run_report import ClientRunReport
from householdd.measure.worker_timing import WorkerTiming
from householdd.session.close_reason import CloseReason
from householdd.session.messages import RunRefused
from householdd.session.session import Identity, Session
from householdd.session.states import SessionState
from householdd.settings.definitions import Timeouts
from householdd.shared import stopped_runs, work
from householdd.shared.counters import SharedCounters, size
from householdd.shared.stopped_runs import StoppedRuns, Stops
from householdd.shared.work import SharedWork
from householdd.traffic.profiles import Profile, Profiles
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.clock import Clock
from householdd.worker.connection import Connection
from householdd.worker.profile_totals import ProfileTotals, count
from householdd.worker.session_driver import SessionDriver

log = structlog.get_logger("sessions")

MAX_RECENT = 1000
"""Number of ended sessions that a worker can still show."""


class SessionChange(Enum):
    """Event in the life of a session."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"


Listener = Callable[[Session, SessionChange], None]


class SessionObserver:
    """Receiver of all that the history stores. No method may wait; this one stores nothing."""

    def changed(self, session: Session, change: SessionChange) -> None:
        """A session opened, changed state, or ended."""

    def reported(self, driver: SessionDriver, report: ClientRunReport) -> None:  # noqa: ARG002 - of the interface
        """A client reports its run; call ``driver.answer_report``, now or later."""
        driver.answer_report(RunRefused("disabled"))


class SessionManager:
    """Opens sessions, and holds the live and the most recently ended ones."""

    def __init__(
        self,
        timeouts: Timeouts,
        clock: Clock,
        counts: SharedCounters | None = None,
        shared_work: SharedWork | None = None,
    ) -> None:
        """``counts`` and ``shared_work`` are those of all workers; without them this worker is the only one."""
        self.timeouts = timeouts
        self.clock = clock
        self.counts = counts or SharedCounters(memoryview(bytearray(size(1))), 0)
        self.admission = Admission(self.counts)
        """Admission of new sessions; the gateway asks it before each upgrade."""
        self.unfinished: PendingHandshakes[AcceptedSocket] = PendingHandshakes(self.counts)
        """Connections that have no session yet."""
        shared_work = shared_work or SharedWork(memoryview(bytearray(work.size(1))), 0, b"")
        self.work: WorkAccounts[SessionDriver] = WorkAccounts(
            shared_work, self.counts.count, SessionDriver.ignore, SessionDriver.heed, clock.now()
        )
        """Work that clients cause; settled in each control pass."""
        self.live: dict[str, SessionDriver] = {}
        self.recent: OrderedDict[str, Session] = OrderedDict()
        self.stopped_runs = StoppedRuns(memoryview(bytearray(stopped_runs.size(1))), 0)
        """Runs that clients stopped; replaced by the memory that all workers share."""
        self.listeners: set[Listener] = set()
        """Callbacks after each opening, change of state and end; they must not raise or wait."""
        self.keeper = SessionObserver()
        self.timing = WorkerTiming()
        self.refusals: Counter[Cause] = Counter()
        """Refused upgrades, and connections closed before one, by cause."""
        self._ended: dict[str, ProfileTotals] = {}
        """Sums by profile, with the counts of ended sessions only."""

    def open(self, identity: Identity, profile: Profile, connection: Connection) -> SessionDriver:
        """Open a session on a connection whose handshake is done."""
        session = Session(identity, profile, self.timeouts, self.clock.now(), self.clock.wall())
        driver = SessionDriver(session, connection, self.clock, self)
        self.live[identity.id] = driver
        self._ended.setdefault(profile.key, ProfileTotals()).opened += 1
        visitor = _visitor(session)
        self.admission.opened(visitor, self.clock.now())
        connection.charge = self.work.enter(driver, visitor)
        driver.start()
        self._announce(session, SessionChange.OPENED)
        return driver

    def find(self, session_id: str) -> Session | None:
        """Return the session, live or recently ended, or None."""
        driver = self.live.get(session_id)
        return driver.session if driver else self.recent.get(session_id)

    def for_each(self, step: Callable[[SessionDriver], object], drivers: Iterable[SessionDriver] | None = None) -> int:
        """Take a step with every live session, or the live ones of ``drivers``; count the steps that return true.

        A defect in one session ends that session and no other.
        """
        done = 0
        for driver in list(self.live.values()) if drivers is None else drivers:
            if driver.session.state is SessionState.CLOSED:
                continue
            try:
                done += bool(step(driver))
            except Exception:
                log.exception("session failed", session=driver.session.identity.id)
                driver.abort(CloseReason.INTERNAL)
        return done

    def set_timeouts(self, timeouts: Timeouts) -> None:
        """Put new deadlines in force, for live sessions too; they act at the next control pass."""
        self.timeouts = timeouts
        self.for_each(lambda driver: driver.set_timeouts(timeouts))

    def set_profiles(self, profiles: Profiles, keys: Collection[str]) -> None:
        """Put changed profiles in force for their live sessions; ``keys`` names them."""

        def follow(driver: SessionDriver) -> None:
            key = driver.session.profile.key
            if key in keys:
                driver.set_profile(profiles.by_key[key])

        self.for_each(follow)

    def close(
        self, reason: CloseReason, detail: str = "", spread: float = 0.0, ids: Iterable[str] | None = None
    ) -> int:
        """End the live sessions, or those of ``ids``, at once or evenly over ``spread`` seconds; return how many."""
        drivers = [self.live[each] for each in (list(self.live) if ids is None else ids) if each in self.live]
        if not spread:
            return self.for_each(lambda driver: driver.close(reason, detail), drivers)
        now = self.clock.now()
        for index, driver in enumerate(drivers):
            driver.close_at(now + index * spread / len(drivers), reason, detail)
        return len(drivers)

    def stop_run(self, host: str, test_id: str = "") -> None:
        """End the sessions of a run of the client at ``host``, or all of its sessions, at every worker."""
        self._stop(self.stopped_runs.stop(host, test_id))

    def stop_runs(self) -> None:
        """End the sessions of runs that were stopped at other workers; once in a control pass."""
        if stops := self.stopped_runs.read_new():
            self._stop(stops)

    def _stop(self, stops: Stops) -> None:
        def stop(driver: SessionDriver) -> None:
            identity = driver.session.identity
            if stops.include(identity.peer_host, identity.test_id):
                driver.close(CloseReason.CLIENT_STOPPED)

        self.for_each(stop)

    def cancel_closes(self, reason: CloseReason) -> None:
        """Drop the ends that are planned for ``reason``."""
        for driver in self.live.values():
            driver.cancel_close(reason)

    def abort_all(self) -> None:
        """End every connection that is left, without a word."""
        self.for_each(lambda driver: driver.abort(CloseReason.EMERGENCY))

    def settle_work(self, now: float, *, busy: bool) -> None:
        """Settle the accounts of work, once in a control pass, and end the sessions that flood a ``busy`` worker."""
        self.for_each(SessionDriver.costs_too_much, self.work.update(now, busy=busy))

    def handshake_ended(self, accepted: AcceptedSocket) -> None:
        """Record that a connection has a session, or has ended.

        A silent one does not count: a port scan, a health check, or a browser's spare connection.
        """
        if not accepted.spoke or accepted.dropped:
            return
        now = self.clock.now()
        for whose in self.admission.handshake_ended(accepted.host, now, failed=not accepted.asked):
            log.warning("circuit breaker opened", whose=whose, cause="handshakes")

    def refused(self, cause: Cause) -> None:
        """Count a refused upgrade, or a connection closed before one."""
        self.refusals[cause] += 1

    def ended_totals(self) -> dict[str, ProfileTotals]:
        """Return sums by profile, for profiles that had a session, with the counts of ended sessions only."""
        return {
            key: replace(ended, closed=Counter(ended.closed), tally=replace(ended.tally))
            for key, ended in self._ended.items()
        }

    def ticked(self, lateness: float) -> None:
        """Record the lateness of a payload timer, in seconds."""
        self.timing.tick_lateness.observe(lateness)

    def answered(self, round_trip: float) -> None:
        """Record the round trip of a ping, in seconds."""
        self.timing.round_trip.observe(round_trip)

    def changed(self, driver: SessionDriver) -> None:
        self._announce(driver.session, SessionChange.CHANGED)

    def on_closed(self, driver: SessionDriver) -> None:
        """Forget the driver and connection of an ended session, and keep its figures."""
        session = driver.session
        del self.live[session.identity.id]
        self.work.leave(driver)
        reason = session.close_reason or CloseReason.INTERNAL
        for whose in self.admission.ended(_visitor(session), reason, self.clock.now()):
            log.warning("circuit breaker opened", whose=whose)
        self.recent[session.identity.id] = session
        while len(self.recent) > MAX_RECENT:
            self.recent.popitem(last=False)
        totals = self._ended[session.profile.key]
        totals.closed[reason] += 1
        count(driver, totals.tally)
        self._announce(session, SessionChange.CLOSED)

    def reported(self, driver: SessionDriver, report: ClientRunReport) -> None:
        self.keeper.reported(driver, report)

    def _announce(self, session: Session, change: SessionChange) -> None:
        for listener in (self.keeper.changed, *self.listeners):
            try:
                listener(session, change)
            except Exception:
                # A defect of a watcher must not end the session.
                log.exception("listener failed", session=session.identity.id)
                self.listeners.discard(listener)


def _visitor(session: Session) -> ClientKey:
    identity = session.identity
    return ClientKey(identity.peer_host, session.profile.key, identity.test_id, identity.foreign, identity.parallel)
