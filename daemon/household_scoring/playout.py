"""Playback by a video player with a simple buffer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from household_scoring.validation import require_amount, require_positive

Arrival = tuple[float, int]
"""Seconds since the request, bytes."""


class Playout(msgspec.Struct, frozen=True, rename="camel"):
    """Playback as the viewer saw it."""

    start_up_s: float | None
    """From the request to the first picture; None without one."""
    stalls: int
    stall_s: float
    """Total duration, up to the end."""
    played_s: float


def _require_order(arrivals: Sequence[Arrival], until_s: float) -> None:
    previous = 0.0
    for index, (at_s, size) in enumerate(arrivals):
        require_amount(at_s, f"arrivals[{index}][0]")
        require_amount(size, f"arrivals[{index}][1]")
        if not previous <= at_s <= until_s:
            raise ValueError(f"arrivals[{index}][0] must be in order and at most until_s")
        previous = at_s


def play(arrivals: Sequence[Arrival], *, video_bps: float, start_s: float, resume_s: float, until_s: float) -> Playout:
    """Play a video of constant rate.

    It starts at ``start_s`` of buffered video, and resumes at ``resume_s``. Data that arrives as the buffer empties is
    in time. Raise ValueError for arrivals out of order or after ``until_s``, and for impossible amounts.
    """
    for value, what in ((video_bps, "video_bps"), (start_s, "start_s"), (resume_s, "resume_s")):
        require_positive(value, what)
    require_amount(until_s, "until_s")
    _require_order(arrivals, until_s)
    started_at: float | None = None
    stalled_at = now = buffered_s = stall_s = played_s = 0.0
    stalls = 0
    playing = False
    for at_s, size in (*arrivals, (until_s, 0)):
        elapsed = at_s - now
        if playing and buffered_s < elapsed:
            stalled_at = now + buffered_s
            played_s += buffered_s
            buffered_s = 0.0
            stalls += 1
            playing = False
        elif playing:
            buffered_s -= elapsed
            played_s += elapsed
        now = at_s
        buffered_s += size * 8 / video_bps
        if not playing and buffered_s >= (start_s if started_at is None else resume_s):
            if started_at is None:
                started_at = at_s
            else:
                stall_s += at_s - stalled_at
            playing = True
    if started_at is not None and not playing:
        stall_s += until_s - stalled_at
    return Playout(start_up_s=started_at, stalls=stalls, stall_s=stall_s, played_s=played_s)
