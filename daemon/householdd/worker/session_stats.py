"""Statistics of a worker's sessions, taken in one walk over them that yields to payload."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from householdd.session.states import SessionState
from householdd.worker.cooperative import batches
from householdd.worker.profile_totals import ProfileTotals, count
from householdd.worker.session_driver import SessionDriver
from householdd.worker.session_manager import SessionManager

BATCH_SIZE = 128
"""Sessions in one turn of the event loop, which takes less than 1 ms."""


@dataclass
class LiveTotals:
    """Current sums over the live sessions of a profile."""

    limited: int = 0
    """Sessions limited by budgets."""
    download_bps: float = 0.0
    upload_bps: float = 0.0
    unsent: int = 0
    """Bytes in the kernel, not sent yet."""
    unacked: int = 0
    """Segments in flight."""
    buffered: int = 0
    """Bytes waiting in user space."""


@dataclass
class SessionStats:
    """A worker's sessions at the time ``at``, each with its sums when it was counted, soon after.

    Each is counted once. A session that ends meanwhile still counts as live, with all its sums; one that opens
    meanwhile does not count.
    """

    at: float
    """Monotonic time."""
    totals: dict[str, ProfileTotals]
    """By profile, for profiles that had a session."""
    states: Counter[tuple[str, SessionState]]
    """Live sessions by profile and state."""
    live: dict[str, LiveTotals] = field(init=False)
    """By profile, as ``totals``."""

    def __post_init__(self) -> None:
        self.live = {profile: LiveTotals() for profile in self.totals}

    @property
    def sessions(self) -> int:
        """Live sessions: opened minus closed."""
        return self.states.total()

    def add(self, driver: SessionDriver) -> None:
        session, connection = driver.session, driver.connection
        key = session.profile.key
        count(driver, self.totals[key].tally)
        if session.state is SessionState.CLOSED:
            return
        live = self.live[key]
        live.limited += session.limited_now
        live.download_bps += session.download_meter.bps
        live.upload_bps += session.upload_meter.bps
        if connection.open:
            live.buffered += connection.buffered
            if (tcp := driver.tcp) is not None:
                live.unsent += tcp.notsent
                live.unacked += tcp.unacked


async def take_stats(manager: SessionManager) -> SessionStats:
    """Return the statistics of all sessions."""
    # All three in one turn, so that opened, closed and live sessions add up whatever happens later: one that ends
    # before its batch is not in these totals, and counts as one of these drivers.
    drivers = list(manager.live.values())
    states = Counter((driver.session.profile.key, driver.session.state) for driver in drivers)
    stats = SessionStats(manager.clock.now(), manager.ended_totals(), states)
    async for batch in batches(drivers, BATCH_SIZE, manager.clock.now):
        for driver in batch:
            stats.add(driver)
    return stats
