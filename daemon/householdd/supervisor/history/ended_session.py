"""An ended session of a run, with what its run is judged by."""

from __future__ import annotations

from dataclasses import dataclass

from household.internal.v1.recorder_service_pb2 import Delays
from household.v1.session_pb2 import RoundTripSamples, Session
from householdd.api.convert import duration, unix
from householdd.measure.kernel_witness import KernelSamples


@dataclass
class EndedSession:
    """A session, as its worker recorded it."""

    session: Session
    delays: Delays
    """Round trips of its JSON pings."""
    samples: KernelSamples | None
    """The kernel's round trips; None without any, and once its run has been judged."""

    @classmethod
    def of(cls, session: Session, delays: Delays | None, samples: KernelSamples | None) -> EndedSession:
        # Copies: parts of a message keep all of it in memory.
        own, own_delays = Session(), Delays()
        own.CopyFrom(session)
        if delays is not None:
            own_delays.CopyFrom(delays)
        return cls(own, own_delays, samples)

    @property
    def sample_count(self) -> int:
        return 0 if self.samples is None else len(self.samples.ms)

    def during(self, from_at: float, until_at: float) -> Session | None:
        """Return the session with the samples of a span of Unix time; None if it lived at another time."""
        opened_at = unix(self.session.opened_at)
        if unix(self.session.closed_at) <= from_at or opened_at >= until_at:
            return None
        part = Session()
        part.CopyFrom(self.session)
        part.connection.ClearField("samples")
        if self.samples is not None:
            figures = self.samples.figures(from_at - opened_at, until_at - opened_at)
            if figures.p95_ms is not None:
                part.connection.samples.CopyFrom(
                    RoundTripSamples(count=figures.count, p95=duration(figures.p95_ms / 1e3))
                )
        return part
