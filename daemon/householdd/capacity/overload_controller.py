"""What an overloaded worker does, step by step: up while it lasts, and down again when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

RELEASE_SHARE = 0.8
"""Part of a step's threshold below which it is over; between the two, a step is kept and none is added."""


class OverloadLevel(IntEnum):
    """What is done, each with all before it."""

    NORMAL = 0
    REFUSE = 1
    """New runs are refused; households that were let in get their places."""
    SLOW = 2
    """Bulk sessions are slowed."""
    SHED = 3
    """The newest bulk sessions are ended, a few at a time."""
    STOP = 4
    """All sessions of the worker are ended, and everybody is refused."""


class Signals(Enum):
    """What can be too much."""

    LAG = "lag"
    """Lateness of the control loop, in seconds."""
    CPU = "cpu"
    """Part of a core that the worker uses."""
    MEMORY = "memory"
    """Part of the memory that may be used."""
    MEMORY_STALL = "memory_stall"
    """Part of the time in which everything stands still for want of memory (PSI)."""
    SEND_QUEUE = "send_queue"
    """Bytes in the worker's write buffers."""


Thresholds = Mapping[Signals, tuple[float, ...]]
"""From which figure on which step is called for, from REFUSE on; what has fewer than four never calls for the rest."""


@dataclass(frozen=True)
class OverloadCause:
    """Why a step is called for."""

    strain: Signals
    figure: float
    threshold: float


MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Tuning:
    """What an operator may set of it; docs/overload.md says why the defaults are what they are."""

    enabled: bool = True
    lag: float = 0.1
    """Lateness of the control loop in seconds from which on new runs are refused."""
    memory: float = 0.85
    """Part of the memory from which on they are."""
    rise: float = 5.0
    """Seconds that a strain stands before a step is added."""
    fall: float = 10.0
    """Seconds that it is over before a step is undone."""

    @property
    def thresholds(self) -> Thresholds:
        """For each strain; none where the ladder is off."""
        if not self.enabled:
            return {}
        left = 1 - self.memory
        return {
            Signals.LAG: (self.lag, 2 * self.lag, 5 * self.lag, 20 * self.lag),
            # A worker that is busy and keeps its pace is fine, and one that is not is seen by its lag.
            Signals.CPU: (0.95,),
            Signals.MEMORY: tuple(self.memory + left * part for part in (0.0, 1 / 3, 0.6, 0.85)),
            Signals.MEMORY_STALL: (0.1, 0.2, 0.4, 0.7),
            Signals.SEND_QUEUE: (128 * MEBIBYTE, 256 * MEBIBYTE, 512 * MEBIBYTE),
        }


class OverloadController:
    """Takes the figures of a worker now and then, and says which step is in force."""

    def __init__(self, tuning: Tuning) -> None:
        self._thresholds = tuning.thresholds
        self._tuning = tuning
        self.step = OverloadLevel.NORMAL
        self.cause: OverloadCause | None = None
        """What called for the step in force, with the latest figure that did; None in NORMAL."""
        self._rising_since: float | None = None
        """Set while more than the step in force is called for."""
        self._falling_since: float | None = None
        """Set while the step in force is no longer called for."""

    def look(self, figures: Mapping[Signals, float], now: float) -> bool:
        """Takes the figures at ``now``, monotonic; whether the step is another. A strain without a figure is none."""
        higher = self._cause(OverloadLevel(self.step + 1), figures) if self.step < OverloadLevel.STOP else None
        if higher is not None:
            self._falling_since = None
            if self._rising_since is None:
                self._rising_since = now
            return now - self._rising_since >= self._tuning.rise and self._move(1, higher, now)
        self._rising_since = None
        if self.step is OverloadLevel.NORMAL:
            return False
        self.cause = self._cause(self.step, figures) or self.cause
        if self._cause(self.step, figures, RELEASE_SHARE) is not None:
            self._falling_since = None
            return False
        if self._falling_since is None:
            self._falling_since = now
        return now - self._falling_since >= self._tuning.fall and self._move(-1, self.cause, now)

    def _move(self, steps: int, cause: OverloadCause | None, now: float) -> bool:
        # The next step takes its time as well.
        self._rising_since = self._falling_since = now
        self.step = OverloadLevel(self.step + steps)
        self.cause = None
        if cause is not None and self.step is not OverloadLevel.NORMAL:
            self.cause = replace(cause, threshold=self._thresholds[cause.strain][self.step - 1])
        return True

    def _cause(self, step: OverloadLevel, figures: Mapping[Signals, float], part: float = 1.0) -> OverloadCause | None:
        """What calls for a step, or for more, at ``part`` of the thresholds: the one farthest beyond its own."""
        causes = [
            OverloadCause(strain, figure, thresholds[step - 1])
            for strain, figure in figures.items()
            if len(thresholds := self._thresholds.get(strain, ())) >= step and figure >= thresholds[step - 1] * part
        ]
        return max(causes, key=lambda cause: cause.figure / cause.threshold, default=None)
