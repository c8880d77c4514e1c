"""Clients that end in a way the kernel or the protocol reports."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab import bounds
from tests.lab.conftest import OpenLab
from tests.lab.lab import HOUSEHOLD, Lab, flowing, wait_at_most
from tests.lab.network import Line
from tests.lab.results import Row, conclude, expected, measured

LINE = Line(down_mbps=50, up_mbps=20, queue_kb=150)


@pytest.fixture(scope="module")
def lab(open_lab: OpenLab) -> Iterator[Lab]:
    with open_lab(LINE) as lab:
        yield lab


@pytest.mark.parametrize(
    ("end", "reason"),
    [("close", "CLIENT_CLOSED"), ("reset", "CONNECTION_LOST"), ("TLS close", "CONNECTION_LOST")],
)
def test_an_end_that_is_told_ends_everything_at_once(lab: Lab, end: str, reason: str) -> None:
    rows = []
    with lab.watch() as (observer, wire), lab.play("own page", list(HOUSEHOLD)) as player:
        tracks = flowing(observer, list(HOUSEHOLD))
        time.sleep(1)
        told = time.monotonic()
        player.tell(end)
        wait_at_most(lambda: not observer.live, 10)
        time.sleep(0.5)
        for user, track in tracks.items():
            sent = wire.after(track.client_port, told)
            rows.append(
                Row(
                    f"{end} by the client",
                    user,
                    [
                        measured("payload stops, s", track.payload_after(told), bounds.AT_ONCE),
                        measured("session gone, s", track.gone_after(told), bounds.AT_ONCE),
                        measured("last byte on the wire, s", sent.last, bounds.AT_ONCE),
                        expected("close reason", lab.close_reason(track), reason),
                    ],
                )
            )
    conclude(*rows)
