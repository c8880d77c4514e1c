"""A path that goes silent, for good or for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from household.v1 import session_pb2 as pb
from tests.lab import bounds
from tests.lab.conftest import OpenLab
from tests.lab.lab import HOUSEHOLD, Lab, flowing, wait_at_most, wait_for_age
from tests.lab.network import Line
from tests.lab.observer import Track
from tests.lab.results import Figure, Row, conclude, expected, measured
from tests.lab.wire import Wire

LINE = Line(down_mbps=50, up_mbps=20, queue_kb=150)

RATES = {"alex": 1.5, "sarah": 2.5, "jake": 25.0, "computer": LINE.down_mbps}
"""What each is sent at most on this line, Mbit/s."""

IDLE_RATE = 0.01
"""Mbit/s asked for where only messages matter."""

IN_A_BURST = 5.4
"""Age of Jake's session in seconds, 0.4 s into his second burst."""


@pytest.fixture(scope="module")
def lab(open_lab: OpenLab) -> Iterator[Lab]:
    with open_lab(LINE) as lab:
        yield lab


@pytest.mark.parametrize("load", ["under load", "idle"])
def test_a_silent_cut_stops_payload_and_ends_the_session(lab: Lab, load: str) -> None:
    idle = load == "idle"
    users = [f"{user}?throughput={IDLE_RATE}" if idle else user for user in HOUSEHOLD]
    with lab.watch() as (observer, wire), lab.play("own page", users):
        tracks = flowing(observer, users)
        wait_for_age(tracks["jake"], 2.0 if idle else IN_A_BURST)
        cut = lab.network.cut()
        wait_at_most(lambda: not observer.live, 15)
        # Beyond the end, for what a kernel might go on sending.
        time.sleep(1)
        rows = [
            Row(
                f"silent cut, {load}",
                user,
                [
                    *_traffic(track, wire, cut, IDLE_RATE if idle else RATES[user]),
                    Figure("close reason", lab.close_reason(track)),
                ],
            )
            for user, track in tracks.items()
        ]
    conclude(*rows)


def _traffic(track: Track, wire: Wire, cut: float, rate: float) -> list[Figure]:
    sent = wire.after(track.client_port, cut)
    return [
        measured("payload stops, s", track.payload_after(cut), bounds.STOPS),
        measured("session gone, s", track.gone_after(cut), bounds.CLOSED),
        measured("sent for the first time, kB", sent.first / 1e3, bounds.first_sent(rate)),
        measured("sent again, kB", sent.again / 1e3, bounds.RETRANSMITTED),
        measured("last byte on the wire, s", sent.last, bounds.CLOSED),
    ]


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_a_path_that_comes_back_finds_its_session(lab: Lab, seconds: float) -> None:
    with lab.watch() as (observer, wire), lab.play("own page", list(HOUSEHOLD)):
        tracks = flowing(observer, list(HOUSEHOLD))
        wait_for_age(tracks["jake"], IN_A_BURST)
        cut = lab.network.cut()
        time.sleep(seconds)
        restored = lab.network.restore()
        time.sleep(5)
        rows = [
            Row(
                f"cut for {seconds:g} s",
                user,
                [
                    measured("evicted", int(track.gone_at is not None), bounds.NOT_EVICTED),
                    expected("state at the end of the cut", track.state_at(restored), *_states(seconds)),
                    measured("gate open again, s", _reopened(track, cut, restored), bounds.RESUMES),
                    measured("sent again within 5 s, losses of the queue included, kB", _again(wire, track, cut)),
                    Figure("close reason", lab.close_reason(track)),
                ],
            )
            for user, track in tracks.items()
        ]
    conclude(*rows)


def _again(wire: Wire, track: Track, cut: float) -> float:
    return wire.after(track.client_port, cut).again / 1e3


def _states(seconds: float) -> tuple[str, ...]:
    return ("ACTIVE",) if seconds < bounds.PROBE_TIMEOUT else ("QUIET",)


def _reopened(track: Track, cut: float, restored: float) -> float | str:
    """0 where the gate was not shut."""
    if track.gone_at is not None:
        return "never"
    if track.entered(pb.SESSION_STATE_QUIET, cut) is None:
        return 0.0
    opened = track.entered(pb.SESSION_STATE_ACTIVE, restored)
    return "never" if opened is None else opened - restored
