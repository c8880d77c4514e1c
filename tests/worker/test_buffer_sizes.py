"""Buffers of a connection follow the rate of its session, so that a ping on a slow line waits behind little."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from unittest.mock import Mock

import pytest

from householdd.http.socket_options import MAX_UNSENT_BYTES
from householdd.worker import tcp_info
from householdd.worker.connection import MIN_WRITE_LIMIT_BYTES
from householdd.worker.session_driver import SessionDriver
from tests.worker.bench import Bench

SO_MAX_PACING_RATE = 47
UNPACED = -1


def _unsent_limit(driver: SessionDriver) -> int:
    return driver.connection.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)


def _pacing(driver: SessionDriver) -> int:
    return driver.connection.socket.getsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE)


def _by_url(driver: SessionDriver) -> None:
    driver.wish(1.0)


def _by_message(driver: SessionDriver) -> None:
    driver.text(json.dumps({"type": "request_download", "throughput": 1_000_000}).encode())


@pytest.mark.parametrize("ask", [_by_url, _by_message])
async def test_a_computer_that_asks_for_less_has_less_waiting_for_it(
    bench: Bench, ask: Callable[[SessionDriver], None]
) -> None:
    driver = bench.opened(1, "computer")
    assert _unsent_limit(driver) == MAX_UNSENT_BYTES
    assert _pacing(driver) == UNPACED
    ask(driver)
    assert driver.session.download.shape.peak_bps == 1e6
    assert _unsent_limit(driver) == MIN_WRITE_LIMIT_BYTES
    assert _pacing(driver) == 1.2e6 / 8


async def test_the_kernel_is_asked_only_where_the_limit_may_be_reached(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsent = Mock(return_value=0)
    monkeypatch.setattr(tcp_info, "unsent", unsent)
    connection = bench.opened(1, "computer").connection
    connection.pace_for(1e6, 1e6)
    part = MIN_WRITE_LIMIT_BYTES // 4
    taken = [connection.send_payload(part) for _ in range(12)]
    assert sum(taken) == 12 * part
    assert unsent.call_count == 2
    unsent.return_value = MIN_WRITE_LIMIT_BYTES
    assert [connection.send_payload(part) for _ in range(3)] == [0, 0, 0]
    unsent.return_value = MIN_WRITE_LIMIT_BYTES - 1
    assert connection.send_payload(part) == part
    assert connection.send_payload(part) == part
    asked = unsent.call_count
    unsent.return_value = MIN_WRITE_LIMIT_BYTES
    assert connection.send_payload(part) == 0
    assert unsent.call_count == asked + 1
