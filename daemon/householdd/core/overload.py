"""Is this server itself late? Then what its clients measure is the server, and no longer their line."""

from __future__ import annotations

from collections import deque

LATE = 0.02
"""Seconds after which a pass counts as late; as much as a client allows its own timers."""

WINDOW = 20
"""Passes that are looked at, five seconds of them: one in twenty is what a 95th percentile leaves out."""


class Overload:
    """Judges a control loop by how late its passes begin."""

    def __init__(self) -> None:
        self._late = deque[bool](maxlen=WINDOW)
        self.overloaded = False
        """Whether more than one in twenty of the last passes was late, or the last one by a whole interval."""

    def passed(self, lateness: float, interval: float) -> None:
        """A pass began ``lateness`` seconds after its time; passes are ``interval`` seconds apart."""
        self._late.append(lateness > LATE)
        self.overloaded = sum(self._late) > WINDOW / 20 or lateness > interval
