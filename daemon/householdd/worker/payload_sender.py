"""Writes a session's payload on time: a portion at each timer, while the gate is open and the write buffer has room."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from householdd.session.dialogue import Dialogue
from householdd.session.session import Session
from householdd.session.states import SessionState
from householdd.worker import payload
from householdd.worker.clock import Clock, Timer
from householdd.worker.connection import Connection

MIN_DELAY_S = 0.001
"""Shortest delay of a payload timer, in seconds: the event loop's timers count milliseconds, and less would spin."""


class PayloadSender(ABC):
    """The part of a session's driver that sends payload; ``on_tick`` gets the lateness of each timer, in seconds."""

    def __init__(
        self,
        session: Session,
        dialogue: Dialogue,
        connection: Connection,
        clock: Clock,
        on_tick: Callable[[float], None],
    ) -> None:
        self.session = session
        self._dialogue = dialogue
        self.connection = connection
        self._clock = clock
        self._on_tick = on_tick
        self._timer: Timer | None = None
        """Timer of the next portion; only set while the gate is open and the write buffer has room."""
        self._tick_at = 0.0
        """Time at which the timer is due; only valid while it is set."""

    @abstractmethod
    def _tell(self) -> None:
        """Tell the observer of a changed state: a portion may shut the gate."""

    @property
    def scheduled(self) -> bool:
        """Whether the next portion is scheduled."""
        return self._timer is not None

    def writable(self) -> None:
        """Continue: the write buffer has room again."""
        # A portion that was taken whole may have filled it as well; then the next one is scheduled already.
        if self._timer is None:
            self._send_portion(self._clock.now())

    def _arm(self) -> None:
        """Schedule the next portion, unless it is scheduled or the gate is shut."""
        if self._timer is None and self.session.state is SessionState.ACTIVE and self.connection.open:
            now = self._clock.now()
            delay = max(self.session.download.next_at(now) - now, MIN_DELAY_S)
            self._tick_at = now + delay
            self._timer = self._clock.call_later(delay, self._tick)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        now = self._clock.now()
        self._on_tick(now - self._tick_at)
        self._send_portion(now)

    def _continue(self) -> None:
        self._timer = None
        self._send_portion(self._clock.now())

    def _send_portion(self, now: float) -> None:
        due = self.session.payload_due(now)
        if due > 0:
            ping = self._dialogue.payload_ping(now)
            taken = self.connection.send_payload(due, ping)
            self.session.sent(taken)
            if ping is not None and taken > 0:
                self._dialogue.payload_pinged(ping, payload.behind_ping(taken), now)
            if taken < due and self.connection.paused:
                # writable() continues.
                return
            if 0 < taken < due:
                # The kernel took it all at once and the rest is due already. The next turn of the event loop
                # continues, so that other sessions come in between.
                self._timer = self._clock.call_later(0, self._continue)
                return
        self._tell()
        self._arm()
