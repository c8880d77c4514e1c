from __future__ import annotations

import pytest

from householdd.measure.clock_trust import MAX_STEP_S, MIN_STEADY_S, ClockReading, ClockTrust

NOW = 1_795_000_000.0
DAY = 86400.0


def test_without_a_last_time_there_is_nothing_to_compare_with() -> None:
    assert ClockTrust(None, ClockReading(NOW, 5.0)).trusted


@pytest.mark.parametrize("step", [100 * DAY, 1.1 * DAY, -1.1 * DAY, -100 * DAY, -NOW])
def test_a_start_with_another_time_is_not_trusted_until_it_was_steady_for_a_day(step: float) -> None:
    trust = ClockTrust(NOW, ClockReading(NOW + step, 5.0))
    assert not trust.trusted
    assert not trust.update(ClockReading(NOW + step + MIN_STEADY_S - 1, 5.0 + MIN_STEADY_S - 1))
    assert trust.last_known == NOW
    assert trust.seconds_until_trusted(ClockReading(NOW + step + MIN_STEADY_S - 1, 5.0 + MIN_STEADY_S - 1)) == 1
    assert trust.update(ClockReading(NOW + step + MIN_STEADY_S, 5.0 + MIN_STEADY_S))
    assert trust.last_known == NOW + step + MIN_STEADY_S


@pytest.mark.parametrize("away", [0.0, 60.0, 3600.0, MAX_STEP_S])
def test_a_restart_after_up_to_a_day_is_trusted(away: float) -> None:
    assert ClockTrust(NOW, ClockReading(NOW + away, 5.0)).trusted


@pytest.mark.parametrize("step", [100 * DAY, -100 * DAY])
def test_a_step_while_running_is_not_trusted_and_its_end_is_at_once(step: float) -> None:
    trust = ClockTrust(NOW, ClockReading(NOW, 0.0))
    assert trust.update(ClockReading(NOW + 300, 300.0))
    assert not trust.update(ClockReading(NOW + 600 + step, 600.0))
    assert trust.ahead(ClockReading(NOW + 600 + step, 600.0)) == pytest.approx(step)
    assert trust.update(ClockReading(NOW + 900, 900.0))


def test_an_unsteady_clock_is_never_trusted() -> None:
    trust = ClockTrust(NOW, ClockReading(NOW + 100 * DAY, 0.0))
    for hour in range(1, 200):
        # A jump of two minutes every hour.
        assert not trust.update(ClockReading(NOW + 100 * DAY + hour * 3720, hour * 3600.0))


def test_a_clock_that_drifts_slowly_stays_trusted() -> None:
    trust, wall = ClockTrust(NOW, ClockReading(NOW, 0.0)), NOW
    for hour in range(1, 5000):
        wall += 3601
        assert trust.update(ClockReading(wall, hour * 3600.0))
