"""The figures of a session that its client is shown."""

from __future__ import annotations

import math
from typing import Any

from householdd.core.profiles import MEGABIT
from householdd.core.session import Session, Transport
from householdd.core.vocabulary import CloseReason
from householdd.core.wire import LatencyMetrics, ServerTcp


def figures(session: Session, now: float, wall: float) -> dict[str, Any]:
    """The fields of wire.Update; ``wall`` is Unix time in seconds."""
    sums, elapsed, latency = session.sums, session.age(now), session.latency
    return {
        "user_id": session.identity.user_id,
        "profile_name": session.profile.name,
        "target_download_mbps": mbps(session.download.shape.mean_bps),
        "actual_download_mbps": mbps(session.download_meter.bps),
        "cumulative_download_mbps": mbps(sums.sent * 8 / elapsed if elapsed else 0.0),
        "target_upload_mbps": mbps(session.upload.shape.mean_bps),
        "actual_upload_mbps": mbps(session.upload_meter.bps),
        "cumulative_upload_mbps": mbps(sums.received * 8 / elapsed if elapsed else 0.0),
        "server_sent_bytes": sums.sent,
        "server_received_bytes": sums.received,
        "client_received_bytes": sums.client_says_received,
        "client_sent_bytes": sums.client_says_sent,
        "elapsed_seconds": elapsed,
        "active": session.live,
        "timestamp": wall * 1e3,
        "ping_ms": _known(latency.current),
        "jitter_ms": latency.jitter if latency.count else None,
        "bufferbloat_severity": latency.severity,
        "latency_metrics": LatencyMetrics(
            baseline_latency=_known(latency.baseline),
            current_latency=_known(latency.current),
            min_latency=latency.minimum if latency.count else None,
            max_latency=latency.maximum if latency.count else None,
            avg_latency=_known(latency.mean),
            latency_increase=_known(latency.increase),
            jitter=latency.jitter if latency.count else None,
            total_pings=latency.count,
        ),
        "server_overloaded": session.lateness.overloaded or session.close_reason is CloseReason.OVERLOADED,
        "server_limited": session.limited,
        "server_tcp": None if session.transport is None else _server_tcp(session.transport),
    }


def _server_tcp(transport: Transport) -> ServerTcp:
    least = transport.min_round_trip
    return ServerTcp(
        rtt_ms=transport.round_trip * 1e3,
        min_rtt_ms=None if least is None else least * 1e3,
        retransmits=transport.retransmits,
        delivery_mbps=mbps(transport.delivery_rate_bps),
        congestion_control=transport.congestion_control,
    )


def mbps(bps: float) -> float:
    """Megabits per second, to a hundred bit/s, as clients are told rates."""
    return round(bps / MEGABIT, 4)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
