"""What a worker knows of its sessions."""

from __future__ import annotations

from tests.worker.bench import Bench


async def test_the_thousand_sessions_that_ended_last_can_still_be_shown(bench: Bench) -> None:
    for number in range(1001):
        bench.opened(number).connection.connection_lost(None)
    known = [bench.manager.find(f"00000000-0000-4000-8000-{number:012}") is not None for number in range(1001)]
    assert known == [False] + [True] * 1000
