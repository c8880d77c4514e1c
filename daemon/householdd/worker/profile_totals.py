"""Sums over the sessions of a worker, by profile."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from householdd.session.close_reason import CloseReason
from householdd.worker.session_driver import SessionDriver


@dataclass
class Tally:
    """Counts of sessions; bytes are payload unless they are TCP's."""

    sent: int = 0
    received: int = 0
    download_dropped: int = 0
    """Bytes due and not sent, whatever the cause; ``skipped`` and ``missed`` are parts of it, as in ``Pacer``."""
    download_skipped: int = 0
    download_missed: int = 0
    upload_dropped: int = 0
    """Bytes due and not requested."""
    upload_skipped: int = 0
    upload_missed: int = 0
    pings: int = 0
    pongs: int = 0
    probe_failures: int = 0
    quiets: int = 0
    malformed: int = 0
    unknown: int = 0
    framing: int = 0
    flooding: int = 0
    unread: int = 0
    unasked: int = 0
    tcp_sent: int = 0
    """Bytes sent by TCP, including retransmitted ones."""
    tcp_resent: int = 0
    segments_resent: int = 0

    @property
    def protocol_errors(self) -> int:
        """Messages that broke the protocol."""
        return self.malformed + self.unknown


def count(driver: SessionDriver, tally: Tally) -> None:
    """Add a session to ``tally``; TCP's figures are those of the last control pass."""
    # Field by field: all live sessions are counted every second, and a Tally of each would cost twice as much.
    session, tcp = driver.session, driver.tcp
    sums, errors, download, upload = session.sums, session.errors, session.download, session.upload
    tally.sent += sums.sent
    tally.received += sums.received
    tally.download_dropped += download.dropped
    tally.download_skipped += download.skipped
    tally.download_missed += download.missed
    tally.upload_dropped += upload.dropped
    tally.upload_skipped += upload.skipped
    tally.upload_missed += upload.missed
    tally.pings += sums.pings
    tally.pongs += sums.pongs
    tally.probe_failures += session.liveness.failed
    tally.quiets += sums.quiets
    tally.malformed += errors.malformed
    tally.unknown += errors.unknown
    tally.framing += errors.framing
    tally.flooding += errors.flooding
    tally.unread += errors.unread
    tally.unasked += errors.unasked
    if tcp is not None:
        tally.tcp_sent += tcp.bytes_sent
        tally.tcp_resent += tcp.bytes_retrans
        tally.segments_resent += tcp.total_retrans


@dataclass
class ProfileTotals:
    """Sums since the worker started."""

    opened: int = 0
    closed: Counter[CloseReason] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    """Counts of ended sessions, and in ``SessionStats`` of live ones up to now."""
