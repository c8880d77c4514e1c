"""Clients that mean harm, and neighbours who must not notice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.lab import bounds
from tests.lab.conftest import OpenLab
from tests.lab.lab import Lab, flowing, wait_at_most
from tests.lab.network import Line
from tests.lab.observer import Observer
from tests.lab.players import Player
from tests.lab.results import Figure, Row, conclude, measured

LINE = Line(down_mbps=1000, up_mbps=1000, queue_kb=4000)
"""Wide, so that what the neighbours feel is the server's doing."""

NEIGHBOURS = {"alex_calm": 1.5, "sarah_calm": 2.5}
"""Whose traffic has no gaps, and its rate in Mbit/s."""

CALM = 'test_id = "calm"'

HANDSHAKE = 2
"""Seconds for TLS, and as long again for the upgrade; shortened."""

MANY = 50
"""Connections of each kind that never become sessions."""


@pytest.fixture
def lab(open_lab: OpenLab) -> Iterator[Lab]:
    with open_lab(LINE, env={"HOUSEHOLDD_HANDSHAKE_TIMEOUT": str(HANDSHAKE)}) as lab:
        yield lab


@pytest.fixture
def plain_lab(open_lab: OpenLab) -> Iterator[Lab]:
    with open_lab(LINE, "--no-tls") as lab:
        yield lab


def _neighbours(observer: Observer, calm: Player, began: float) -> list[Figure]:
    """What they and the operator noticed since ``began``."""
    now = time.monotonic()
    shares = [
        calm.received(user, began, now) * 8 / (now - began) / (mbps * 1e6) * 100 for user, mbps in NEIGHBOURS.items()
    ]
    return [
        measured("neighbours' least rate, %", min(shares), bounds.UNDISTURBED),
        measured("neighbours evicted", len(NEIGHBOURS) - len(observer.live), bounds.NOT_EVICTED),
        measured("slow passes", observer.slow_passes, bounds.SLOW_PASSES),
        measured("longest gap, s", observer.longest_gap, bounds.LONGEST_GAP),
        measured("slowest answer of the control API, s", observer.slowest_answer, bounds.API),
        measured("calls unanswered", len(observer.failures), bounds.NOT_EVICTED),
    ]


def test_unfinished_handshakes_are_bounded_in_time(lab: Lab) -> None:
    behaviours = ["never begins TLS", "never finishes TLS", "never finishes the upgrade", "sends a byte a second"]
    with (
        lab.watch(CALM) as (observer, _),
        lab.play("own page", list(NEIGHBOURS)) as calm,
        ExitStack() as stack,
    ):
        flowing(observer, list(NEIGHBOURS))
        time.sleep(0.5)
        idle, began = observer.most_descriptors, time.monotonic()
        players = {
            behaviour: stack.enter_context(lab.play(behaviour, [f"alex_{number}" for number in range(MANY)]))
            for behaviour in behaviours
        }
        wait_at_most(lambda: all(len(player.events()) == MANY for player in players.values()), 4 * HANDSHAKE + 5)
        rows = [
            Row(
                f"{MANY} connections that never become sessions",
                behaviour,
                [
                    measured("given up", len(player.events()), bounds.all_of(MANY)),
                    measured(
                        "longest held, s",
                        max((event.count / 1e3 for event in player.events()), default="for ever"),
                        bounds.given_up_by(HANDSHAKE),
                    ),
                ],
            )
            for behaviour, player in players.items()
        ]
        held = measured("most descriptors above idle", observer.most_descriptors - idle)
        neighbours = _neighbours(observer, calm, began)
    conclude(*rows, Row("unfinished handshakes: the others", "all kinds at once", [held, *neighbours]))


@pytest.mark.parametrize("behaviour", ["floods uploads", "floods pings", "floods junk"])
def test_a_flood_disturbs_nobody(lab: Lab, behaviour: str) -> None:
    with (
        lab.watch(CALM) as (observer, _),
        lab.play("own page", list(NEIGHBOURS)) as calm,
    ):
        flowing(observer, list(NEIGHBOURS))
        time.sleep(0.5)
        began = time.monotonic()
        with lab.play(behaviour, ["alex_flood"]) as player:
            time.sleep(5)
            ends = [event.at - began for event in player.events() if event.what == "ended"]
            most = measured("most in user space, kB", observer.most_buffered / 1e3, bounds.buffered(3))
            row = Row(
                "flood",
                behaviour,
                [Figure("ended, s", ends[0] if ends else "not in 5 s"), most, *_neighbours(observer, calm, began)],
            )
            observer.stop()
    conclude(row)


@pytest.mark.parametrize("fixture", ["plain_lab", "lab"])
def test_a_reconnect_storm_stops_neither_the_loop_nor_the_api(request: pytest.FixtureRequest, fixture: str) -> None:
    lab: Lab = request.getfixturevalue(fixture)
    with (
        lab.watch(CALM) as (observer, _),
        lab.play("own page", list(NEIGHBOURS)) as calm,
    ):
        flowing(observer, list(NEIGHBOURS))
        time.sleep(0.5)
        began = time.monotonic()
        with lab.play("reconnects", ["alex_storm"], rate=1000) as player:
            time.sleep(10)
            events = player.events()
            seconds = max(time.monotonic() - began, 1.0)
            rates = {
                what: max((event.count for event in events if event.what == what), default=0) / seconds
                for what in ("attempted", "opened", "refused")
            }
            row = Row(
                "1000 reconnects a second for 10 s",
                "without TLS" if lab.daemon.url.startswith("http:") else "over TLS",
                [
                    *(measured(f"{what} per second", rate) for what, rate in rates.items()),
                    *_neighbours(observer, calm, began),
                ],
            )
            observer.stop()
        # The daemon must be idle again soon, too.
        lab.kill_all()
    conclude(row)
