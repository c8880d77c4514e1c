"""What the sessions of a worker come to, profile by profile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from householdd.core.vocabulary import CloseReason
from householdd.dataplane.runner import Runner


@dataclass
class Tally:
    """What can be counted of a session at any time, and added up over many. Bytes are payload unless TCP's."""

    sent: int = 0
    received: int = 0
    download_dropped: int = 0
    """Bytes due and not sent, for whatever cause; ``skipped`` and ``missed`` are parts of it, as in core.pacing."""
    download_skipped: int = 0
    download_missed: int = 0
    upload_dropped: int = 0
    """Bytes due and not asked for."""
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
    """Bytes that TCP sent, those sent again included."""
    tcp_resent: int = 0
    segments_resent: int = 0

    @property
    def protocol_errors(self) -> int:
        """Messages that broke the protocol."""
        return self.malformed + self.unknown


_NAMES = tuple(each.name for each in fields(Tally))


def count(runner: Runner) -> Tally:
    """One session up to now; what the kernel tells is that of the last control pass."""
    session, tcp = runner.session, runner.tcp
    sums, errors, download, upload = session.sums, session.errors, session.download, session.upload
    return Tally(
        sent=sums.sent,
        received=sums.received,
        download_dropped=download.dropped,
        download_skipped=download.skipped,
        download_missed=download.missed,
        upload_dropped=upload.dropped,
        upload_skipped=upload.skipped,
        upload_missed=upload.missed,
        pings=sums.pings,
        pongs=sums.pongs,
        probe_failures=session.liveness.failed,
        quiets=sums.quiets,
        malformed=errors.malformed,
        unknown=errors.unknown,
        framing=errors.framing,
        flooding=errors.flooding,
        unread=errors.unread,
        unasked=errors.unasked,
        tcp_sent=tcp.bytes_sent if tcp else 0,
        tcp_resent=tcp.bytes_retrans if tcp else 0,
        segments_resent=tcp.total_retrans if tcp else 0,
    )


def add_up(tallies: Iterable[Tally]) -> Tally:
    """The sum of all."""
    total = dict.fromkeys(_NAMES, 0)
    for each in tallies:
        for name, value in each.__dict__.items():
            total[name] += value
    return Tally(**total)


@dataclass
class Totals:
    """Sums since the worker started."""

    opened: int = 0
    closed: Counter[CloseReason] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)
    """Of sessions that have ended, and of the live ones up to now."""
