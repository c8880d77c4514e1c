"""What a worker measures of its own punctuality and of its clients' signs of life; all in seconds."""

from __future__ import annotations

from householdd.measure.histogram import Histogram

TICK_LATENESS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

PASS_GAP = (0.2, 0.249, 0.251, 0.26, 0.28, 0.3, 0.35, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0)
"""Fine around the interval of the control loop, 0.25 s; 0.5 s is a slow pass."""

PASS_DURATION = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

ROUND_TRIP = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)

EVIDENCE_AGE = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 30.0)


class WorkerTiming:
    """Since the process started."""

    def __init__(self) -> None:
        self.tick_lateness = Histogram(TICK_LATENESS)
        """How much later than planned the next portion of payload was looked at."""
        self.pass_gap = Histogram(PASS_GAP)
        """From the beginning of a control pass to that of the next."""
        self.pass_duration = Histogram(PASS_DURATION)
        self.round_trip = Histogram(ROUND_TRIP)
        """From a WebSocket ping to the pong that answers it, of all sessions."""
        self.evidence_age = Histogram(EVIDENCE_AGE)
        """Since the last evidence, of every live session at every control pass."""
