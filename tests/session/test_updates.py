from __future__ import annotations

import pytest

from householdd.session import messages
from householdd.session.commands import Send
from householdd.session.messages import ServerTcp
from householdd.session.session import Session, Transport
from householdd.session.updates import fill, mbps
from tests.session.samples import START, WALL, active, spoken


def figures(session: Session, now: float, wall: float) -> messages.RealTimeUpdate:
    """What its client is shown."""
    update = messages.RealTimeUpdate()
    fill(update, session, now, wall)
    return update


def test_a_new_session_has_targets_and_no_measurements_yet() -> None:
    (update,) = spoken([Send(figures(active(), START, WALL))])
    latency = update.pop("latency_metrics")
    assert update == {
        "type": "real_time_update",
        "user_id": "alex_42",
        "profile_name": "Alex",
        "target_download_mbps": 1.5,
        "actual_download_mbps": 0,
        "cumulative_download_mbps": 0,
        "target_upload_mbps": 0.75,
        "actual_upload_mbps": 0,
        "cumulative_upload_mbps": 0,
        "server_sent_bytes": 0,
        "server_received_bytes": 0,
        "client_received_bytes": 0,
        "client_sent_bytes": 0,
        "elapsed_seconds": 0,
        "active": True,
        "timestamp": WALL * 1e3,
        "ping_ms": None,
        "jitter_ms": None,
        "bufferbloat_severity": "none",
        "bufferbloat_level": "unknown",
        "server_overloaded": False,
        "server_limited": False,
        "client_limited": False,
        "server_tcp": None,
    }
    assert latency.pop("total_pings") == latency.pop("ping_history_count") == 0
    assert (latency.pop("baseline_established"), latency.pop("bufferbloat_severity")) == (False, "none")
    assert set(latency.values()) == {None}


def test_traffic_shows_as_mean_and_as_current_rate() -> None:
    session = active()
    session.sent(250_000)
    session.received(125_000, START + 2)
    session.measure(START + 2)
    shown = figures(session, START + 4, WALL + 4)
    assert (shown.cumulative_download_mbps, shown.cumulative_upload_mbps) == (0.5, 0.25)
    assert (shown.actual_download_mbps, shown.actual_upload_mbps) == (1.0, 0.5)
    assert shown.elapsed_seconds == 4


def test_what_the_kernel_says_shows_in_the_units_of_the_others() -> None:
    session = active()
    session.transport = Transport(0.0215, 0.02, 3, 4e6, "cubic")
    assert figures(session, START + 1, WALL + 1).server_tcp == ServerTcp(
        rtt_ms=21.5, min_rtt_ms=20, retransmits=3, delivery_mbps=4, congestion_control="cubic"
    )
    session.transport = Transport(0.0215, 0.02, 3, 4e6, "cubic", 0.1235, 0.01, 0.0)
    session.kernel.add(0.0, 20_000, 1)
    session.kernel.add(0.05, 21_500, 2)
    tcp = figures(session, START + 1, WALL + 1).server_tcp
    assert tcp is not None
    assert (tcp.receiver_limited, tcp.retransmitted, tcp.congestion_experienced) == (0.1235, 0.01, 0.0)
    assert tcp.rtts_ms == [21.5]
    session.transport = Transport(0.0, None, 0, 0.0, "cubic")
    tcp = figures(session, START + 1, WALL + 1).server_tcp
    assert tcp is not None
    assert tcp.min_rtt_ms is None
    assert tcp.rtts_ms == []


def test_a_server_says_whether_it_was_late_for_too_much_of_the_session() -> None:
    session = active()
    session.measure(START + 1, lateness=0.6)
    assert figures(session, START + 1, WALL + 1).server_overloaded is True
    for seconds in range(2, 41):
        session.measure(START + seconds)
    assert figures(session, START + 41, WALL + 41).server_overloaded is False


def test_round_trips_show_in_milliseconds() -> None:
    session = active()
    for milliseconds in (20.0, 40.0, 30.0, 30.0, 60.0):
        session.latency.add(milliseconds)
    shown = figures(session, START + 4, WALL + 4)
    latency = shown.latency_metrics
    assert (shown.ping_ms, shown.bufferbloat_severity, shown.bufferbloat_level) == (60, "mild", "mild")
    assert (latency.bufferbloat_severity, latency.baseline_established) == ("mild", True)
    assert shown.jitter_ms == latency.jitter == session.latency.jitter
    assert (latency.baseline_latency, latency.current_latency, latency.latency_increase) == (20, 60, 40)
    assert (latency.min_latency, latency.max_latency, latency.avg_latency) == (20, 60, 36)
    assert latency.total_pings == latency.ping_history_count == 5


@pytest.mark.parametrize(("bps", "shown"), [(0, 0), (1_500_000, 1.5), (123_456, 0.1235), (49, 0)])
def test_rates_show_to_a_hundred_bits_a_second(bps: float, shown: float) -> None:
    assert mbps(bps) == shown
