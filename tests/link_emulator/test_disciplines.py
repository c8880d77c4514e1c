"""What holds for every queue discipline, whatever arrives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.link_emulator.codel import CoDel
from tests.link_emulator.deficit_round_robin import DeficitRoundRobin
from tests.link_emulator.discipline import Discipline
from tests.link_emulator.fq_codel import FqCoDel
from tests.link_emulator.made_packets import number_of, packet, port_of
from tests.link_emulator.packets import LINK_HEADER
from tests.link_emulator.tail_drop import TailDrop

LIMIT = 20_000
ARRIVALS = st.tuples(st.just("in"), st.integers(60, 1514), st.integers(1, 4))
DEPARTURES = st.tuples(st.just("out"), st.integers(1, 20), st.just(0))
PAUSES = st.tuples(st.just("pause"), st.integers(1, 50), st.just(0))


@pytest.mark.parametrize("make", [TailDrop, CoDel, FqCoDel, DeficitRoundRobin], ids=lambda make: make.__name__)
@given(steps=st.lists(st.one_of(ARRIVALS, ARRIVALS, DEPARTURES, PAUSES), max_size=200))
def test_packets_are_sent_dropped_or_waiting_and_none_overtakes_another_of_its_flow(
    make: Callable[[int], Discipline], steps: list[tuple[str, int, int]]
) -> None:
    queue, now, offered, sent = make(LIMIT), 0.0, 0, 0
    last_of_flow = dict.fromkeys(range(1, 5), -1)
    for number, (step, amount, port) in enumerate(steps):
        if step == "in":
            queue.enqueue(packet(amount, port, number), now)
            offered += amount
        elif step == "pause":
            now += amount / 1000
        else:
            for _ in range(amount):
                out = queue.dequeue(now)
                if out is None:
                    assert queue.backlog == 0
                    break
                sent += len(out) + LINK_HEADER
                assert number_of(out) > last_of_flow[port_of(out)]
                last_of_flow[port_of(out)] = number_of(out)
        assert offered == sent + queue.dropped.octets + queue.backlog
        assert 0 <= queue.backlog <= LIMIT * (4 if make is DeficitRoundRobin else 1)
