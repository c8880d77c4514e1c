from __future__ import annotations

from householdd.measure.rate_meter import WINDOW_S, RateMeter


def test_a_meter_without_samples_shows_nothing() -> None:
    meter = RateMeter(100.0)
    assert meter.bps == 0
    meter.sample(100.0, 1000)
    assert meter.bps == 0


def test_a_meter_shows_the_rate_since_its_beginning_at_first() -> None:
    meter = RateMeter(100.0)
    meter.sample(100.5, 1000)
    assert meter.bps == 16_000


def test_a_meter_shows_the_rate_of_the_last_two_seconds() -> None:
    meter = RateMeter(100.0)
    for each in range(1, 29):
        # 1000 bytes a pass for 5 s, then 100 for 2 s.
        meter.sample(100 + each * 0.25, 1000 * min(each, 20) + 100 * max(each - 20, 0))
    assert meter.bps == 3200


def test_a_meter_keeps_no_more_samples_than_its_window_holds() -> None:
    meter = RateMeter(0.0)
    for each in range(1, 10_000):
        meter.sample(each * 0.25, each)
    assert len(meter._samples) == WINDOW_S / 0.25 + 1


def test_a_transfer_that_stopped_shows_nothing_after_the_window() -> None:
    meter = RateMeter(0.0)
    for at, total in [(1, 1000), (2, 1000), (3, 1000), (4, 1000)]:
        meter.sample(at, total)
    assert meter.bps == 0
