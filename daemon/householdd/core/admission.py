"""Who may open a session: refused are blocked addresses, and everybody while the server drains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from householdd.core.blocks import Blocks

LEAST_RETRY = 1
"""Seconds; the least that a client is told to wait."""

MOST_DRAIN_RETRY = 300
"""Seconds; a drain may be ended before its deadline."""


class Cause(Enum):
    """Why a session was refused, in one word for logs and figures."""

    BLOCKED = "blocked"
    DRAINING = "draining"


@dataclass(frozen=True)
class Denial:
    """An answer to a client that is not let in."""

    cause: Cause
    words: str
    retry_after: int
    """Whole seconds after which it may ask again."""


class Admission:
    """Asked at every opening handshake, before the upgrade."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.drain_deadline: float | None = None
        """Set only while draining: monotonic time at which the rest is closed."""

    @property
    def draining(self) -> bool:
        """Whether everybody is refused."""
        return self.drain_deadline is not None

    def denies(self, host: str, now: float) -> Denial | None:
        """Why the client at ``host`` is refused; None lets it in."""
        if (block := self.blocks.hits(host, now)) is not None:
            left = _retry(block.expires_at - now)
            return Denial(Cause.BLOCKED, f"Blocked by the operator: {block.reason}. Try again in {left} s.", left)
        if self.drain_deadline is not None:
            left = _retry(min(self.drain_deadline - now, MOST_DRAIN_RETRY))
            return Denial(Cause.DRAINING, f"Draining; try again in {left} s.", left)
        return None


def _retry(seconds: float) -> int:
    return max(math.ceil(seconds), LEAST_RETRY)
