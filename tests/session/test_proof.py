"""How much payload a client gets for what it has proven."""

from __future__ import annotations

import math
from collections import deque

import pytest

from householdd.session.liveness import HEARTBEAT_S
from householdd.session.proof import GROWTH, MIN_ALLOWANCE_BYTES, MIN_INTERVAL_S, PING_ROOM_BYTES, Proof
from tests.session.samples import START, active

CEILING = 1e7


def opened(ceiling: float = CEILING) -> Proof:
    proof = Proof()
    proof.extend(ceiling)
    return proof


def sent_all(proof: Proof) -> int:
    """All that there is room for is sent; returns how much it was."""
    before = proof.sent
    proof.sent = max(int(proof.limit), before)
    return proof.sent - before


def test_a_client_that_answers_no_ping_gets_the_least_allowance_and_no_more() -> None:
    proof = opened()
    assert sent_all(proof) == MIN_ALLOWANCE_BYTES
    proof.pinged(b"1", 0, START)
    proof.answered(b"guessed", CEILING)
    proof.extend(CEILING)
    assert sent_all(proof) == 0


def test_what_is_proven_opens_room_up_to_the_ceiling() -> None:
    proof = opened()
    rounds = []
    for number in range(8):
        rounds.append(sent_all(proof))
        proof.pinged(bytes([number]), 0, START + number)
        proof.answered(bytes([number]), CEILING)
    assert rounds[1] == (1 + GROWTH) * MIN_ALLOWANCE_BYTES
    assert rounds[-1] == CEILING


def test_only_the_payload_ahead_of_a_ping_is_proven() -> None:
    proof = opened()
    proof.sent = 3000
    proof.pinged(b"1", 1400, START)
    proof.answered(b"1", CEILING)
    assert proof.proven == 1600
    assert proof.limit == 1600 + MIN_ALLOWANCE_BYTES + GROWTH * 1600


def test_an_echo_that_left_one_out_begins_anew() -> None:
    proof = opened()
    for number in range(3):
        proof.sent += 100_000
        proof.pinged(bytes([number]), 0, START + number)
    proof.answered(bytes([0]), CEILING)
    assert proof.limit == 100_000 + MIN_ALLOWANCE_BYTES + GROWTH * 100_000
    proof.answered(bytes([2]), CEILING)
    assert proof.limit == 300_000 + MIN_ALLOWANCE_BYTES
    # The one that was left out proves nothing any more.
    proof.answered(bytes([1]), CEILING)
    assert proof.proven == 300_000


def test_pings_come_as_often_as_the_allowance_is_used_up_and_at_least_each_heartbeat() -> None:
    proof = opened()
    assert proof.wants_ping(START)
    proof.pinged(b"1", 0, START)
    proof.sent += MIN_ALLOWANCE_BYTES
    assert not proof.wants_ping(START + MIN_INTERVAL_S / 2)
    assert proof.wants_ping(START + 1.1 * MIN_INTERVAL_S)
    proof.pinged(b"2", 0, START + 1)
    assert not proof.wants_ping(START + 1.25)
    assert proof.wants_ping(START + 1 + HEARTBEAT_S)


def test_a_rate_that_is_lowered_leaves_room_for_the_ping_that_goes_on() -> None:
    proof = opened()
    for number in range(5):
        sent_all(proof)
        proof.pinged(bytes([number]), 0, START + number)
        proof.answered(bytes([number]), CEILING)
    sent_all(proof)
    proof.extend(1000)
    assert sent_all(proof) == PING_ROOM_BYTES
    assert proof.wants_ping(START + 9)
    proof.pinged(b"last", 0, START + 9)
    proof.extend(1000)
    assert sent_all(proof) == 0


def test_a_client_that_cannot_answer_is_not_bound_and_not_pinged() -> None:
    proof = Proof(needed=False)
    proof.extend(1000)
    assert proof.limit == math.inf
    assert not proof.wants_ping(START)


@pytest.mark.parametrize(("round_trip", "mbps"), [(0.001, 1000), (0.04, 50), (0.6, 30), (2.5, 5)])
def test_an_honest_line_loses_no_rate(round_trip: float, mbps: float) -> None:
    """Once it is filled: TCP itself takes as long to open up."""
    session = active("computer")
    tick, carried = 0.005, mbps * 1e6 / 8
    # The line's queue is empty, so that its rate is the session's.
    session.download.limit(mbps * 1e6, START)
    echoes = deque[tuple[float, bytes]]()
    begin, until = 4 * round_trip + 1, 4 * round_trip + 6
    at_begin = 0
    for step in range(round(until / tick)):
        now = START + step * tick
        while echoes and echoes[0][0] <= now:
            data = echoes.popleft()[1]
            session.echoed(data)
            session.pong(round_trip, now)
        if step % 50 == 0:
            session.measure(now)
        count = session.payload_due(now)
        session.sent(count)
        if count and session.proof.wants_ping(now):
            data = step.to_bytes(8)
            session.proof.pinged(data, 0, now)
            echoes.append((now + round_trip, data))
        if step == round(begin / tick):
            at_begin = session.sums.sent
    assert (session.sums.sent - at_begin) / (until - begin) == pytest.approx(carried, rel=0.02)


def test_messages_earn_no_payload() -> None:
    session = active("computer")
    for step in range(400):
        now = START + step * 0.05
        session.received(0, now)
        session.measure(now)
        session.sent(session.payload_due(now))
        session.proof.pinged(b"unanswered", 0, now)
    assert session.sums.sent == MIN_ALLOWANCE_BYTES
