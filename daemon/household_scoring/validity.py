"""Whether the figures of a run can be trusted."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from household_scoring.measurements import Circumstances
from household_scoring.validation import require_amount

MIN_IDLE_SAMPLES = 20
"""2 s at 10 Hz. The median lies between the 6th and the 15th of 20 with 95 % confidence."""
MIN_LOADED_SAMPLES = 100
"""10 s at 10 Hz. Five of 100 exceed the 95th percentile, so that no single one decides it."""
MIN_LINE_SHARE = 0.5
"""Share of answers not delayed by a retransmission, below which too many moments are unobserved."""
MIN_ANSWERED_SHARE = 0.95
"""Share of pings answered, below which the 95th percentile would be that of the fast ones."""
MIN_CLOCK_JUMP_MS = 128.0
"""NTP steps a clock from this offset (RFC 5905, STEPT)."""


class Invalid(StrEnum):
    """The message key is ``invalid.`` and the value."""

    TAB_HIDDEN = "tab_hidden"
    CLOCK_JUMP = "clock_jump"
    CLIENT_OVERLOADED = "client_overloaded"
    SERVER_OVERLOADED = "server_overloaded"
    SERVER_LIMITED = "server_limited"
    STOPPED_EARLY = "stopped_early"
    CONNECTION_LOST = "connection_lost"
    TOO_FEW_SAMPLES = "too_few_samples"
    NO_WITNESS = "no_witness"
    """Nothing tells the line's delay from the device's, or from that of a proxy."""


def enough_loaded(judged: int, answered: int, sent: int) -> bool:
    """Raise ValueError if one count exceeds the next."""
    require_amount(judged, "judged")
    require_amount(answered, "answered")
    require_amount(sent, "sent")
    if judged > answered:
        raise ValueError("judged must be at most answered")
    if answered > sent:
        raise ValueError("answered must be at most sent")
    return (
        judged >= MIN_LOADED_SAMPLES and judged >= MIN_LINE_SHARE * answered and answered >= MIN_ANSWERED_SHARE * sent
    )


def invalid_reasons(
    circumstances: Circumstances, idle_count: int, loaded: Iterable[tuple[int, int, int]], *, witnessed: bool = True
) -> tuple[Invalid, ...]:
    """``loaded`` has the pings scored, answered and sent of each series that a verdict is based on.

    ``witnessed`` is whether the cause of the delay could be told, or is harmless.
    """
    require_amount(circumstances.clock_jump_ms, "clock_jump_ms")
    enough = [enough_loaded(*series) for series in loaded]
    found = {
        Invalid.TAB_HIDDEN: circumstances.tab_hidden,
        Invalid.CLOCK_JUMP: circumstances.clock_jump_ms >= MIN_CLOCK_JUMP_MS,
        Invalid.CLIENT_OVERLOADED: circumstances.client_overloaded,
        Invalid.SERVER_OVERLOADED: circumstances.server_overloaded,
        Invalid.SERVER_LIMITED: circumstances.server_limited,
        Invalid.STOPPED_EARLY: circumstances.stopped_early,
        Invalid.CONNECTION_LOST: circumstances.connection_lost,
        Invalid.TOO_FEW_SAMPLES: idle_count < MIN_IDLE_SAMPLES or not all(enough),
        Invalid.NO_WITNESS: not witnessed,
    }
    return tuple(reason for reason, holds in found.items() if holds)
