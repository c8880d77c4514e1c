"""What the sessions of a worker come to and do now, in one walk over them that gives way to payload."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from householdd.session.states import SessionState
from householdd.worker.cooperative import batches
from householdd.worker.profile_totals import ProfileTotals, count
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager

BATCH_SIZE = 128
"""Sessions that are looked at before others have their turn; it takes less than a millisecond."""


@dataclass
class LiveTotals:
    """What the live sessions of a profile do now."""

    limited: int = 0
    """Those that budgets hold back."""
    download_bps: float = 0.0
    upload_bps: float = 0.0
    unsent: int = 0
    """Bytes in the kernel that were never sent."""
    unacked: int = 0
    """Segments in flight."""
    buffered: int = 0
    """Bytes waiting in user space."""


@dataclass
class SessionStats:
    """A worker's sessions: who was there at ``at``, and what each had come to when it was looked at, soon after.

    Each is counted once. Those that end meanwhile still count as live, with all they came to; those that open meanwhile
    do not count.
    """

    at: float
    """Monotonic time."""
    totals: dict[str, ProfileTotals]
    """By profile, of those that had a session."""
    states: Counter[tuple[str, SessionState]]
    """Live sessions by profile and state."""
    live: dict[str, LiveTotals] = field(init=False)
    """By profile, as ``totals``."""

    def __post_init__(self) -> None:
        self.live = {profile: LiveTotals() for profile in self.totals}

    @property
    def sessions(self) -> int:
        """Live sessions: those that opened less those that closed."""
        return self.states.total()

    def look(self, driver: SessionDriver) -> None:
        """Adds one session."""
        session, link = driver.session, driver.connection
        key = session.profile.key
        count(driver, self.totals[key].tally)
        if session.state is SessionState.CLOSED:
            return
        live = self.live[key]
        live.limited += session.limited_now
        live.download_bps += session.download_meter.bps
        live.upload_bps += session.upload_meter.bps
        if link.open:
            live.buffered += link.buffered
            if (tcp := driver.tcp) is not None:
                live.unsent += tcp.notsent
                live.unacked += tcp.unacked


async def survey(manager: SessionManager) -> SessionStats:
    """Looks at all sessions."""
    # In one turn, so that opened, closed and live ones fit each other whatever happens later: one that ends before its
    # turn is no part of these totals, and is counted as one of the drivers that were live.
    drivers = list(manager.live.values())
    states = Counter((driver.session.profile.key, driver.session.state) for driver in drivers)
    taken = SessionStats(manager.clock.now(), manager.ended_totals(), states)
    async for some in batches(drivers, BATCH_SIZE, manager.clock.now):
        for driver in some:
            taken.look(driver)
    return taken
