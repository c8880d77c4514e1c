"""Timing of a worker and of its clients, in seconds."""

from __future__ import annotations

from householdd.measure.histogram import Histogram

TICK_LATENESS_BINS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

PASS_GAP_BINS_S = (0.2, 0.249, 0.251, 0.26, 0.28, 0.3, 0.35, 0.4, 0.5, 0.75, 1.0, 2.0, 5.0)
"""Fine around the interval of the control loop, 0.25 s; 0.5 s is a slow pass."""

PASS_DURATION_BINS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

ROUND_TRIP_BINS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)

EVIDENCE_AGE_BINS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 30.0)


class WorkerTiming:
    """Histograms since the process started."""

    def __init__(self) -> None:
        self.tick_lateness = Histogram(TICK_LATENESS_BINS_S)
        self.pass_gap = Histogram(PASS_GAP_BINS_S)
        self.pass_duration = Histogram(PASS_DURATION_BINS_S)
        self.round_trip = Histogram(ROUND_TRIP_BINS_S)
        """Time from a WebSocket ping to its pong, of all sessions."""
        self.tcp_round_trip = Histogram(ROUND_TRIP_BINS_S)
        """The kernel's smoothed round trip, of all sessions, 20 times a second."""
        self.evidence_age = Histogram(EVIDENCE_AGE_BINS_S)
        """Time since the last evidence, of every live session at each control pass."""
