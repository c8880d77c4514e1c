"""The figures of a session for its client."""

from __future__ import annotations

from householdd.measure.latency import SessionLatency
from householdd.session.messages import LatencyMetrics, ServerTcp, Update
from householdd.session.session import Session
from householdd.traffic.profiles import MEGABIT


def fill(update: Update, session: Session, now: float, wall: float) -> None:
    """Put the session's figures into ``update``; ``wall`` is Unix time in seconds."""
    sums, elapsed, latency = session.sums, session.age(now), session.latency
    update.user_id = session.identity.user_id
    update.profile_name = session.profile.name
    update.target_download_mbps = mbps(session.download.shape.mean_bps)
    update.actual_download_mbps = mbps(session.download_meter.bps)
    update.cumulative_download_mbps = mbps(sums.sent * 8 / elapsed if elapsed else 0.0)
    update.target_upload_mbps = mbps(session.upload.shape.mean_bps)
    update.actual_upload_mbps = mbps(session.upload_meter.bps)
    update.cumulative_upload_mbps = mbps(sums.received * 8 / elapsed if elapsed else 0.0)
    update.server_sent_bytes = sums.sent
    update.server_received_bytes = sums.received
    update.client_received_bytes = sums.client_says_received
    update.client_sent_bytes = sums.client_says_sent
    update.elapsed_seconds = elapsed
    update.active = session.live
    update.timestamp = wall * 1e3
    if latency.count:
        update.ping_ms = latency.current
        update.jitter_ms = latency.jitter
        update.bufferbloat_severity = latency.severity
        update.bufferbloat_level = latency.level
        update.latency_metrics = _latency_metrics(latency)
    update.server_overloaded = session.overloaded
    update.server_limited = session.limited
    update.client_limited = session.consumption.limited
    update.server_tcp = server_tcp(session)


def _latency_metrics(latency: SessionLatency) -> LatencyMetrics:
    return LatencyMetrics(
        baseline_latency=latency.baseline,
        current_latency=latency.current,
        min_latency=latency.minimum,
        max_latency=latency.maximum,
        avg_latency=latency.mean,
        latency_increase=latency.increase,
        jitter=latency.jitter,
        total_pings=latency.count,
        ping_history_count=latency.count,
        baseline_established=latency.baseline_established,
        bufferbloat_severity=latency.severity,
    )


def server_tcp(session: Session) -> ServerTcp | None:
    """Return the kernel's figures, with the samples that the client does not have yet; None before the first."""
    transport = session.transport
    if transport is None:
        return None
    least = transport.min_round_trip
    return ServerTcp(
        rtt_ms=transport.round_trip * 1e3,
        min_rtt_ms=None if least is None else least * 1e3,
        retransmits=transport.retransmits,
        delivery_mbps=mbps(transport.delivery_rate_bps),
        congestion_control=transport.congestion_control,
        receiver_limited=transport.receiver_limited,
        retransmitted=transport.retransmitted,
        congestion_experienced=transport.congestion_experienced,
        rtts_ms=session.kernel.untold(),
    )


def mbps(bps: float) -> float:
    """Return the rate in Mbit/s as clients get it, rounded to 100 bit/s."""
    # Rounding to whole hundreds takes half as long as to decimal places.
    return round(bps / 100) / _HUNDREDS


_HUNDREDS = MEGABIT / 100
"""Hundreds of bit/s in a Mbit/s."""
