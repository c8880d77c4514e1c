"""What takes a minute. The comparison runs beside the household, in a network of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from household.v1 import session_pb2 as pb
from tests.lab import bounds, comparison
from tests.lab.conftest import OpenLab
from tests.lab.cross_traffic import download
from tests.lab.lab import HOUSEHOLD, Lab, flowing, wait_at_most
from tests.lab.netns import LabUnavailableError
from tests.lab.network import Line
from tests.lab.results import Figure, Row, conclude, measured

pytestmark = pytest.mark.timeout(240)

BLOATED = Line(down_mbps=5, up_mbps=5, queue_kb=1560)
"""2.5 s of queue."""

SECONDS = 60.0


@pytest.fixture(scope="module", autouse=True)
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[list[Row]]]:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        line = Line(down_mbps=50, up_mbps=20, queue_kb=150)
        yield executor.submit(comparison.silent_cut, tmp_path_factory.mktemp("comparison"), line, stop)
        stop.set()


@pytest.fixture
def lab(open_lab: OpenLab) -> Iterator[Lab]:
    with open_lab(BLOATED) as lab:
        yield lab


def test_a_bloated_line_is_not_taken_for_a_dead_one_and_a_dead_one_is_noticed(lab: Lab) -> None:
    with (
        lab.watch() as (observer, wire),
        lab.play("own page", list(HOUSEHOLD)) as player,
        download(lab.network),
    ):
        tracks = flowing(observer, list(HOUSEHOLD))
        began = time.monotonic()
        time.sleep(SECONDS)
        bloated = [
            Row(
                f"{BLOATED.full_queue:.1f} s of queue, all four at once, {SECONDS:.0f} s",
                user,
                [
                    measured("evicted", int(track.gone_at is not None), bounds.NOT_EVICTED),
                    measured("lived, s", (track.gone_at or time.monotonic()) - track.first_seen),
                    measured("times QUIET", sum(state == pb.SESSION_STATE_QUIET for _, state in track.states)),
                    measured("longest ping, s", track.longest_round_trip),
                    measured("longest round trip of TCP, s", observer.most_round_trip.get(track.client_port, 0.0)),
                    measured("received, kbit/s", player.received(user, began, began + SECONDS) * 8 / SECONDS / 1e3),
                    Figure("close reason", lab.close_reason(track)),
                ],
            )
            for user, track in tracks.items()
        ]
        cut = lab.network.cut()
        wait_at_most(lambda: not observer.live, bounds.CLOSED_BLOATED.limit + 2)
        dead = [
            Row(
                f"silent cut with {BLOATED.full_queue:.1f} s of queue",
                user,
                [
                    measured("payload stops, s", track.payload_after(cut), bounds.STOPS_BLOATED),
                    measured("session gone, s", track.gone_after(cut), bounds.CLOSED_BLOATED),
                    measured("sent for the first time, kB", (sent := wire.after(track.client_port, cut)).first / 1e3),
                    measured("sent again, kB", sent.again / 1e3, bounds.RETRANSMITTED),
                    Figure("close reason", lab.close_reason(track)),
                ],
            )
            for user, track in tracks.items()
        ]
    conclude(*bloated, *dead)


def test_a_plain_websockets_server_for_comparison(plain_server: Future[list[Row]]) -> None:
    try:
        rows = plain_server.result()
    except LabUnavailableError as error:
        pytest.skip(f"no network lab here: {error}")
    conclude(*rows)
