"""Payload on time, without a network and with a clock that the test sets."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from householdd.session.states import SessionState
from householdd.worker.connection import Connection
from tests.worker.bench import Bench


async def test_a_portion_is_sent_at_each_timer(bench: Bench) -> None:
    driver = bench.opened(1)
    for _ in range(3):
        sent = driver.session.sums.sent
        assert driver.scheduled
        bench.step(0.25)
        bench.timers.fire()
        assert driver.session.sums.sent > sent


async def test_a_timer_on_stale_evidence_shuts_the_gate_and_is_the_last(bench: Bench) -> None:
    driver = bench.opened(1)
    bench.now += 10
    bench.timers.fire()
    assert driver.session.sums.sent == 0
    assert driver.session.state is SessionState.QUIET
    assert not driver.scheduled


async def test_a_full_write_buffer_ends_the_timers_until_it_has_room(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = bench.opened(1)
    bench.step(0.25)
    monkeypatch.setattr(Connection, "send_payload", Mock(return_value=0))
    monkeypatch.setattr(driver.connection, "paused", True)
    bench.timers.fire()
    assert not driver.scheduled
    monkeypatch.undo()
    driver.writable()
    assert driver.session.sums.sent > 0
    assert driver.scheduled


async def test_what_the_write_buffer_took_in_part_continues_in_the_next_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = bench.opened(1)
    bench.step(0.25)
    monkeypatch.setattr(Connection, "send_payload", Mock(return_value=100))
    bench.timers.fire()
    assert driver.session.sums.sent == 100
    monkeypatch.undo()
    bench.timers.fire()
    assert driver.session.sums.sent > 100
