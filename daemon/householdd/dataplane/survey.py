"""What the sessions of a worker come to and do now, in one walk over them that gives way to payload."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from householdd.dataplane.giving_way import in_turns
from householdd.dataplane.registry import Registry
from householdd.dataplane.runner import Runner
from householdd.dataplane.totals import Totals, count
from householdd.session.states import SessionState

BATCH_SIZE = 128
"""Sessions that are looked at before others have their turn; it takes less than a millisecond."""


@dataclass
class Live:
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
class Survey:
    """A worker's sessions: who was there at ``at``, and what each had come to when it was looked at, soon after.

    Each is counted once. Those that end meanwhile still count as live, with all they came to; those that open meanwhile
    do not count.
    """

    at: float
    """Monotonic time."""
    totals: dict[str, Totals]
    """By profile, of those that had a session."""
    states: Counter[tuple[str, SessionState]]
    """Live sessions by profile and state."""
    live: dict[str, Live] = field(init=False)
    """By profile, as ``totals``."""

    def __post_init__(self) -> None:
        self.live = {profile: Live() for profile in self.totals}

    @property
    def sessions(self) -> int:
        """Live sessions: those that opened less those that closed."""
        return self.states.total()

    def look(self, runner: Runner) -> None:
        """Adds one session."""
        session, link = runner.session, runner.link
        key = session.profile.key
        count(runner, self.totals[key].tally)
        if session.state is SessionState.CLOSED:
            return
        live = self.live[key]
        live.limited += session.limited_now
        live.download_bps += session.download_meter.bps
        live.upload_bps += session.upload_meter.bps
        if link.open:
            live.buffered += link.buffered
            if (tcp := runner.tcp) is not None:
                live.unsent += tcp.notsent
                live.unacked += tcp.unacked


async def survey(registry: Registry) -> Survey:
    """Looks at all sessions."""
    # In one turn, so that opened, closed and live ones fit each other whatever happens later: one that ends before its
    # turn is no part of these totals, and is counted as one of the runners that were live.
    runners = list(registry.live.values())
    states = Counter((runner.session.profile.key, runner.session.state) for runner in runners)
    taken = Survey(registry.clock.now(), registry.ended_totals(), states)
    async for some in in_turns(runners, BATCH_SIZE, registry.clock.now):
        for runner in some:
            taken.look(runner)
    return taken
