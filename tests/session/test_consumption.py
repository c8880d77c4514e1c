"""How a client that takes less than it gets is slowed."""

from __future__ import annotations

import math

import pytest

from householdd.session.consumption import MIN_BACKLOG_BYTES, MIN_BUDGET_BYTES, Consumption
from householdd.session.proof import Proof
from householdd.session.states import EvidenceKind
from tests.session.samples import START, active

INTERVAL_TICKS = 10
TICK_S = 0.05


class Client:
    """A line of ``line_bps`` before an application that takes ``takes_bps`` of it, and confirms each half second."""

    def __init__(self, line_bps: float, takes_bps: float) -> None:
        self.consumption = Consumption()
        self.line, self.takes = line_bps / 8, takes_bps / 8
        self.sent = self.taken = 0.0
        self.backlogs: list[float] = []

    def run(self, seconds: float, *, confirms: bool = True) -> float:
        """Return the rate at which it was sent to, in bit/s."""
        before = self.sent
        for tick in range(round(seconds / TICK_S)):
            if confirms and tick % INTERVAL_TICKS == 0:
                rate = min(self.line, self.takes) * 8
                self.consumption.confirmed(int(self.taken), int(self.sent), int(self.sent), rate)
                self.consumption.note_pass()
            self.sent += min(self.line * TICK_S, max(self.consumption.limit - self.sent, 0.0))
            self.taken = min(self.taken + self.takes * TICK_S, self.sent)
            self.backlogs.append(self.sent - self.taken)
        return (self.sent - before) * 8 / seconds


def test_a_client_that_keeps_up_is_not_slowed() -> None:
    client = Client(line_bps=50e6, takes_bps=500e6)
    assert client.run(10) == pytest.approx(50e6, rel=0.01)
    assert not client.consumption.limited


@pytest.mark.parametrize("takes_bps", [5e6, 20e6, 80e6])
def test_a_slow_client_gets_what_it_takes_and_its_queue_stays_short(takes_bps: float) -> None:
    line_bps = 100e6
    client = Client(line_bps, takes_bps)
    client.run(10)
    client.backlogs.clear()
    assert client.run(20) == pytest.approx(takes_bps, rel=0.1)
    # The bound, and what comes between two confirmations on top of what is taken.
    between = INTERVAL_TICKS * TICK_S * max(line_bps - takes_bps, takes_bps) / 8
    assert max(client.backlogs) < max(MIN_BACKLOG_BYTES, 0.5 * takes_bps / 8) + between
    assert client.consumption.limited


def test_a_client_that_becomes_fast_gets_all_again() -> None:
    client = Client(line_bps=50e6, takes_bps=10e6)
    client.run(10)
    client.takes = 500e6 / 8
    client.run(10)
    assert client.run(5) == pytest.approx(50e6, rel=0.01)
    assert not client.consumption.behind


def test_without_a_second_confirmation_nothing_is_bound() -> None:
    consumption = Consumption()
    assert consumption.limit == math.inf
    consumption.confirmed(0, 1000, 1000, 1e6)
    assert consumption.limit == math.inf


def test_a_client_that_stops_confirming_waits_and_goes_on_when_it_confirms() -> None:
    client = Client(line_bps=10e6, takes_bps=100e6)
    client.run(2)
    sent = client.sent
    client.run(20, confirms=False)
    assert 0 < client.sent - sent <= 3 * 10e6 / 8
    client.run(1)
    assert client.run(2) == pytest.approx(10e6, rel=0.01)


def test_what_cannot_be_true_is_ignored() -> None:
    consumption = Consumption()
    for total in (0.0, 500.0):
        consumption.confirmed(total, 1000, 1000, 1e6)
    limit = consumption.limit
    for total in (-1.0, 1001.0, 499.0, math.nan, math.inf):
        consumption.confirmed(total, 1000, 1000, 1e6)
        assert consumption.limit == limit


def test_a_client_far_behind_gets_a_little_so_that_it_goes_on_confirming() -> None:
    consumption = Consumption()
    for _ in range(2):
        consumption.confirmed(0, 10**7, 10**7, 1e6)
    assert consumption.behind
    assert consumption.limit == 10**7 + MIN_BUDGET_BYTES


def test_a_burst_after_a_pause_is_not_slowed_by_confirmations_each_half_second() -> None:
    session = active("jake")
    # A line that proves all at once, so that only the confirmations bind.
    session.proof = Proof(needed=False)
    step_s = 0.01
    for tick in range(1, 2001):
        now = START + tick * step_s
        session.evidence(EvidenceKind.MESSAGE, now)
        session.sent(session.payload_due(now))
        session.proof.proven = session.proof.sent
        if tick % 25 == 0:
            session.measure(now)
        if tick % 50 == 0:
            session.confirmed(session.sums.sent, 0)
    assert session.sums.sent == pytest.approx(session.download.shape.bytes_by(20), rel=0.01)
    assert not session.consumption.limited
