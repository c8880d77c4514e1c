"""Overload controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

RELEASE_SHARE = 0.8
"""Share of a threshold below which its signal has fallen; above it, the level stays."""


class OverloadLevel(IntEnum):
    """Each level includes those below it."""

    NORMAL = 0
    REFUSE = 1
    """New runs are refused; admitted households keep their places."""
    SLOW = 2
    SHED = 3
    """The newest bulk sessions are closed, a few at a time."""
    STOP = 4
    """All sessions of the worker are closed."""


class Signal(Enum):
    """Measured signals of overload."""

    LAG = "lag"
    """Lateness of the control loop, in seconds."""
    CPU = "cpu"
    """Share of one core."""
    MEMORY = "memory"
    """Share of the available memory."""
    MEMORY_STALL = "memory_stall"
    """Share of time in which all tasks stall (PSI)."""
    SEND_QUEUE = "send_queue"
    """Bytes in write buffers."""


Thresholds = Mapping[Signal, tuple[float, ...]]
"""By level, from REFUSE; a signal with fewer than four never calls for the higher levels."""


@dataclass(frozen=True)
class OverloadCause:
    """The signal that calls for a level."""

    signal: Signal
    figure: float
    threshold: float


MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class OverloadTuning:
    """Settings; docs/overload.md gives reasons for the defaults."""

    enabled: bool = True
    lag: float = 0.1
    """For REFUSE, in seconds."""
    memory: float = 0.85
    """For REFUSE, as a share."""
    rise: float = 5.0
    """Seconds above the threshold before the level rises."""
    fall: float = 10.0
    """Seconds below before it falls."""

    @property
    def thresholds(self) -> Thresholds:
        if not self.enabled:
            return {}
        left = 1 - self.memory
        return {
            Signal.LAG: (self.lag, 2 * self.lag, 5 * self.lag, 20 * self.lag),
            # A busy worker that keeps its pace is fine; one that does not shows lag.
            Signal.CPU: (0.95,),
            Signal.MEMORY: tuple(self.memory + left * part for part in (0.0, 1 / 3, 0.6, 0.85)),
            Signal.MEMORY_STALL: (0.1, 0.2, 0.4, 0.7),
            Signal.SEND_QUEUE: (128 * MEBIBYTE, 256 * MEBIBYTE, 512 * MEBIBYTE),
        }


class OverloadController:
    """Level of one worker."""

    def __init__(self, tuning: OverloadTuning) -> None:
        self._thresholds = tuning.thresholds
        self._tuning = tuning
        self.level = OverloadLevel.NORMAL
        self.cause: OverloadCause | None = None
        self._rising_since: float | None = None
        self._falling_since: float | None = None
        """Only set while the level is no longer called for."""

    def update(self, figures: Mapping[Signal, float], now: float) -> bool:
        """Return whether the level changed at ``now``; a missing signal counts as none."""
        higher = self._cause(OverloadLevel(self.level + 1), figures) if self.level < OverloadLevel.STOP else None
        if higher is not None:
            self._falling_since = None
            if self._rising_since is None:
                self._rising_since = now
            return now - self._rising_since >= self._tuning.rise and self._move(1, higher, now)
        self._rising_since = None
        if self.level is OverloadLevel.NORMAL:
            return False
        self.cause = self._cause(self.level, figures) or self.cause
        if self._cause(self.level, figures, RELEASE_SHARE) is not None:
            self._falling_since = None
            return False
        if self._falling_since is None:
            self._falling_since = now
        return now - self._falling_since >= self._tuning.fall and self._move(-1, self.cause, now)

    def _move(self, change: int, cause: OverloadCause | None, now: float) -> bool:
        # The next level takes its time as well.
        self._rising_since = self._falling_since = now
        self.level = OverloadLevel(self.level + change)
        self.cause = None
        if cause is not None and self.level is not OverloadLevel.NORMAL:
            self.cause = replace(cause, threshold=self._thresholds[cause.signal][self.level - 1])
        return True

    def _cause(self, level: OverloadLevel, figures: Mapping[Signal, float], share: float = 1.0) -> OverloadCause | None:
        """Return the signal that exceeds its scaled threshold most."""
        causes = [
            OverloadCause(signal, figure, thresholds[level - 1])
            for signal, figure in figures.items()
            if len(thresholds := self._thresholds.get(signal, ())) >= level and figure >= thresholds[level - 1] * share
        ]
        return max(causes, key=lambda cause: cause.figure / cause.threshold, default=None)
