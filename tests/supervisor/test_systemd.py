from __future__ import annotations

import os

from householdd.supervisor.systemd import MAX_LOOP_STALL_S, Watchdog


def fed(environ: dict[str, str], moments: list[tuple[float, dict[str, float]]]) -> list[float]:
    """The times of ``moments`` at which the watchdog was fed."""
    times: list[float] = []
    now = 0.0
    watchdog = Watchdog(environ, lambda _: times.append(now))
    for now, loops in moments:
        watchdog.feed(now, loops)
    return times


def test_it_is_fed_four_times_in_the_time_it_is_given() -> None:
    assert fed({"WATCHDOG_USEC": "8000000"}, [(at / 2, {}) for at in range(10)]) == [0.0, 2.0, 4.0]


def test_a_loop_that_is_stuck_starves_it_until_it_goes_round() -> None:
    late = MAX_LOOP_STALL_S + 1
    moments = [(0.0, {"a": 0.0, "b": 0.0}), (late, {"a": late, "b": 0.0}), (late + 1, {"a": late, "b": late + 1})]
    assert fed({"WATCHDOG_USEC": "1000000"}, moments) == [0.0, late + 1]


def test_without_a_watchdog_or_with_that_of_another_process_it_feeds_none() -> None:
    assert fed({}, [(0.0, {})]) == []
    assert fed({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}, [(0.0, {})]) == []
    assert fed({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": str(os.getpid())}, [(0.0, {})]) == [0.0]
