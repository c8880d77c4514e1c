"""Whether the figures of a run can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from household_scoring.measurements import Circumstances
from household_scoring.validation import require_amount

NEEDED_IDLE = 20
"""Round trips of the idle line: 2 s at 10 Hz. The median is between the 6th and the 15th of 20 with 95 % confidence."""
NEEDED_LOADED = 100
"""Round trips under load: 10 s at 10 Hz. Five of 100 are above the 95th percentile, so no single one decides it."""
NEEDED_LINE_SHARE = 0.5
"""Of the answers, those that no repair delayed. A repair says nothing of the queue at that moment, so leaving it out
does not leave out the slow ones; but with more of them out, too many moments would have been seen by none."""
NEEDED_ANSWERED_SHARE = 0.95
"""Of the pings sent under load. The slowest are those that lack an answer: with more of them missing, the 95th
percentile would be that of the fast ones only."""
CLOCK_JUMP_MS = 128.0
"""From here on NTP steps a clock and does not slew it (RFC 5905, STEPT), so that no clock drifts this far in a run."""


class Invalid(StrEnum):
    """Why a run does not count; the message key is ``invalid.`` and this."""

    TAB_HIDDEN = "tab_hidden"
    CLOCK_JUMP = "clock_jump"
    CLIENT_OVERLOADED = "client_overloaded"
    SERVER_OVERLOADED = "server_overloaded"
    SERVER_LIMITED = "server_limited"
    STOPPED_EARLY = "stopped_early"
    CONNECTION_LOST = "connection_lost"
    TOO_FEW_SAMPLES = "too_few_samples"


def enough_loaded(judged: int, answered: int, sent: int) -> bool:
    """Whether a series under load is long and complete enough: pings judged, of those answered, of those sent.

    Raises ValueError where there are more of the former than of the latter.
    """
    require_amount(judged, "judged")
    require_amount(answered, "answered")
    require_amount(sent, "sent")
    if judged > answered:
        raise ValueError("judged must be at most answered")
    if answered > sent:
        raise ValueError("answered must be at most sent")
    return (
        judged >= NEEDED_LOADED and judged >= NEEDED_LINE_SHARE * answered and answered >= NEEDED_ANSWERED_SHARE * sent
    )


def invalid_reasons(
    circumstances: Circumstances, idle_count: int, loaded: Iterable[tuple[int, int, int]]
) -> tuple[Invalid, ...]:
    """Every reason why a run does not count, none of a valid one.

    ``loaded`` is judged, answered and sent of each series under load that a verdict rests on.
    """
    require_amount(circumstances.clock_jump_ms, "clock_jump_ms")
    enough = [enough_loaded(*series) for series in loaded]
    found = {
        Invalid.TAB_HIDDEN: circumstances.tab_hidden,
        Invalid.CLOCK_JUMP: circumstances.clock_jump_ms >= CLOCK_JUMP_MS,
        Invalid.CLIENT_OVERLOADED: circumstances.client_overloaded,
        Invalid.SERVER_OVERLOADED: circumstances.server_overloaded,
        Invalid.SERVER_LIMITED: circumstances.server_limited,
        Invalid.STOPPED_EARLY: circumstances.stopped_early,
        Invalid.CONNECTION_LOST: circumstances.connection_lost,
        Invalid.TOO_FEW_SAMPLES: idle_count < NEEDED_IDLE or not all(enough),
    }
    return tuple(reason for reason, holds in found.items() if holds)
