"""Clients that are there, and do not take what they are sent, or do not answer it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.lab import bounds
from tests.lab.conftest import OpenLab
from tests.lab.lab import HOUSEHOLD, Lab, flowing, wait_at_most
from tests.lab.network import Line
from tests.lab.results import Figure, Row, conclude, expected, measured

LINE = Line(down_mbps=100, up_mbps=20, queue_kb=300)

INACTIVITY = 5.0
"""Seconds; shortened, so that the deadline passes within a test."""

MAX_DURATION = 10.0
"""Seconds; shortened likewise."""

WATCHED = 9.0
"""Seconds that clients are watched which must not be ended."""


NOT_READING = {
    # It is frozen when it is about a second old.
    "SIGSTOP": ("FROZEN", INACTIVITY + 1.0, "INACTIVE"),
    "reads-1-kB-a-second": ("FROZEN", INACTIVITY, "INACTIVE"),
    # It goes on sending messages, so it is live, and only the greatest duration ends it.
    "says-it-is-there": ("LIVE", MAX_DURATION, "MAX_DURATION"),
}
"""The verdict, deadline and close reason of clients that do not read, by what their user ids say of them."""


def _users(what: str) -> list[str]:
    """Those whose traffic fills buffers."""
    return [f"jake_{what}", f"computer_{what}"]


@pytest.fixture
def lab(open_lab: OpenLab) -> Iterator[Lab]:
    with open_lab(LINE) as lab:
        yield lab


def test_clients_that_do_not_read_cost_no_more_than_the_write_limit(lab: Lab) -> None:
    lab.set_timeouts(inactivity=INACTIVITY, max_duration=MAX_DURATION)
    with lab.watch() as (observer, _), ExitStack() as stack:
        frozen = stack.enter_context(lab.play("own page", _users("SIGSTOP")))
        flowing(observer, _users("SIGSTOP"))
        time.sleep(0.5)
        frozen.freeze()
        stack.enter_context(lab.play("reads slowly", _users("reads-1-kB-a-second"), rate=1000))
        stack.enter_context(lab.play("reads nothing", _users("says-it-is-there")))
        tracks = flowing(observer, [user for what in NOT_READING for user in _users(what)])
        wait_at_most(lambda: not observer.live, MAX_DURATION + 5)
        rows = [
            Row(
                "does not read",
                user.replace("_", ", ").replace("-", " "),
                [
                    measured(
                        "session gone, s after it opened",
                        tracks[user].gone_after(tracks[user].first_seen),
                        bounds.closes_by(deadline),
                    ),
                    expected("verdict", verdict if verdict in tracks[user].verdicts else "LIVE", verdict),
                    measured("most in the kernel, kB", observer.most_queued.get(tracks[user].client_port, 0) / 1e3),
                    expected("close reason", lab.close_reason(tracks[user]), reason),
                ],
            )
            for what, (verdict, deadline, reason) in NOT_READING.items()
            for user in _users(what)
        ]
        memory = Row(
            "does not read: all six together",
            "",
            [
                measured("most in user space, kB", observer.most_buffered / 1e3, bounds.buffered(len(rows))),
                measured("slow passes", observer.slow_passes, bounds.SLOW_PASSES),
                measured("slowest answer of the control API, s", observer.slowest_answer, bounds.API),
            ],
        )
    conclude(*rows, memory)


@pytest.mark.parametrize(
    ("behaviour", "what", "deadline"),
    [
        ("old page", "old page: no answer to connection_test", WATCHED),
        ("hidden tab", "hidden tab: ACKs and pongs, no JSON", WATCHED),
        ("reads silently", "frozen tab: ACKs only", INACTIVITY),
    ],
)
def test_a_client_that_gives_little_evidence_is_not_taken_for_dead(
    lab: Lab, behaviour: str, what: str, deadline: float
) -> None:
    lab.set_timeouts(inactivity=INACTIVITY)
    with lab.watch() as (observer, _), lab.play(behaviour, list(HOUSEHOLD)):
        tracks = flowing(observer, list(HOUSEHOLD))
        wait_at_most(lambda: not observer.live, WATCHED + 0.5)
        now = time.monotonic()
        rows = [
            Row(
                what,
                user,
                [
                    measured("lived, s", (track.gone_at or now) - track.first_seen, bounds.not_before(deadline)),
                    Figure("state at the end", "CLOSED" if track.gone_at else track.state_at(now)),
                    measured("payload, MB", track.session.sent_bytes / 1e6),
                    Figure("close reason", lab.close_reason(track)),
                ],
            )
            for user, track in tracks.items()
        ]
    conclude(*rows)
