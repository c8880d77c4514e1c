"""Quality of a call: the E-model of ITU-T G.107, simplified for VoIP.

R. G. Cole and J. H. Rosenbluth, Voice over IP Performance Monitoring, ACM SIGCOMM CCR 31 (2), 2001.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from household_scoring.statistics import percentile
from household_scoring.validation import require_amount, require_share

DEFAULT_RATING = 93.2
"""R of G.107 by default."""
LOSS_ROBUSTNESS = 25.1
"""Bpl of G.711 with loss concealment (ITU-T G.113, appendix I); its Ie is 0."""
CODEC_MS = 26.5
"""20 ms frame and 6.5 ms look-ahead of Opus (RFC 6716)."""
MIN_BUFFER_MS = 40.0
"""Both jitter buffers, each of at least one frame."""
MAX_BUFFER_MS = 400.0
"""Both jitter buffers; beyond, conversation is impossible."""


class CallQuality(msgspec.Struct, frozen=True, rename="camel"):
    """Quality of a conversation."""

    mos: float
    """Conversational (MOS-CQE), from 1 to 4.5."""
    rating: float
    """R, from 0 to 93.2."""
    mouth_to_ear_ms: float
    late_share: float
    """Share of packets too late for the jitter buffer."""


def transmission_rating(mouth_to_ear_ms: float, loss_share: float) -> float:
    """Return R, at least 0: ``93.2 - Id - Ie,eff``.

    ``Id = 0.024 d + 0.11 (d - 177.3) H(d - 177.3)``, d one way in ms (Cole and Rosenbluth). ``Ie,eff = Ie + (95 - Ie)
    Ppl / (Ppl / BurstR + Bpl)``, Ppl in per cent, BurstR 1 (G.107).
    """
    require_amount(mouth_to_ear_ms, "mouth_to_ear_ms")
    require_share(loss_share, "loss_share")
    delay = 0.024 * mouth_to_ear_ms + 0.11 * max(mouth_to_ear_ms - 177.3, 0.0)
    percent = 100 * loss_share
    equipment = 95 * percent / (percent + LOSS_ROBUSTNESS)
    return max(DEFAULT_RATING - delay - equipment, 0.0)


def mos_of_rating(rating: float) -> float:
    """Return the MOS, by G.107 annex B: ``1 + 0.035 R + R (R - 60) (100 - R) 7e-6`` from 0 to 100, 4.5 above.

    At least 1: the polynomial dips below for R under 6.5.
    """
    require_amount(rating, "rating")
    if rating > 100:
        return 4.5
    return max(1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6, 1.0)


def call_quality(round_trips_ms: Sequence[float], loss_share: float | None) -> CallQuality | None:
    """Return the quality under load; None without round trips.

    Jitter buffers adapt so that 95 % of packets arrive in time (RFC 5481). One way is half a round trip. Unmeasured
    loss counts as none.
    """
    p50_ms, p95_ms = percentile(round_trips_ms, 50), percentile(round_trips_ms, 95)
    if p50_ms is None or p95_ms is None:
        return None
    playout_ms = p50_ms + min(max(p95_ms - p50_ms, MIN_BUFFER_MS), MAX_BUFFER_MS)
    late_share = sum(each > playout_ms for each in round_trips_ms) / len(round_trips_ms)
    mouth_to_ear_ms = playout_ms / 2 + CODEC_MS
    heard = (1 - (loss_share or 0.0)) * (1 - late_share)
    rating = transmission_rating(mouth_to_ear_ms, 1 - heard)
    return CallQuality(mos=mos_of_rating(rating), rating=rating, mouth_to_ear_ms=mouth_to_ear_ms, late_share=late_share)
