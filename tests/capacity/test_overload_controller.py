from __future__ import annotations

import pytest

from householdd.capacity.overload_controller import (
    OverloadCause,
    OverloadController,
    OverloadLevel,
    OverloadTuning,
    Signal,
)

TUNING = OverloadTuning(rise=3.0, fall=10.0)
LAG = TUNING.thresholds[Signal.LAG]


class Worker:
    """A controller that gets the same figures each quarter of a second for a while."""

    def __init__(self, tuning: OverloadTuning = TUNING) -> None:
        self.controller = OverloadController(tuning)
        self.now = 1000.0

    def bears(self, seconds: float, **figures: float) -> list[tuple[float, OverloadLevel]]:
        """The steps that were taken, each with the seconds after which."""
        began, steps = self.now, []
        while self.now < began + seconds:
            self.now += 0.25
            if self.controller.update({Signal[name.upper()]: figure for name, figure in figures.items()}, self.now):
                steps.append((self.now - began, self.controller.level))
        return steps


def test_a_strain_that_lasts_adds_a_step_at_a_time_and_its_end_takes_them_back() -> None:
    worker = Worker()
    assert worker.bears(60, lag=LAG[1]) == [(3.25, OverloadLevel.REFUSE), (6.25, OverloadLevel.SLOW)]
    assert worker.controller.cause == OverloadCause(Signal.LAG, LAG[1], LAG[1])
    assert worker.bears(60, lag=0.0) == [(10.25, OverloadLevel.REFUSE), (20.25, OverloadLevel.NORMAL)]
    assert worker.controller.cause is None


def test_what_does_not_last_changes_nothing() -> None:
    worker = Worker()
    for _ in range(20):
        assert worker.bears(2.75, lag=99.0, memory=1.0, memory_stall=1.0) == []
        assert worker.bears(0.25, lag=0.0) == []


def test_a_strain_that_comes_back_in_between_keeps_the_step() -> None:
    worker = Worker()
    worker.bears(4, lag=LAG[0])
    for _ in range(5):
        assert worker.bears(9.75, lag=0.0) == []
        assert worker.bears(0.25, lag=LAG[0]) == []
    assert worker.controller.level is OverloadLevel.REFUSE


def test_between_being_over_and_being_called_for_the_step_stays() -> None:
    worker = Worker()
    worker.bears(4, lag=LAG[0])
    assert worker.bears(60, lag=LAG[0] * 0.85) == []
    assert worker.bears(60, lag=LAG[0] * 0.75) == [(10.25, OverloadLevel.NORMAL)]


def test_the_worst_goes_all_the_way_and_comes_back_by_itself() -> None:
    worker = Worker()
    assert [step for _, step in worker.bears(30, memory=0.99)] == [
        OverloadLevel.REFUSE,
        OverloadLevel.SLOW,
        OverloadLevel.SHED,
        OverloadLevel.STOP,
    ]
    assert [step for _, step in worker.bears(60)] == [
        OverloadLevel.SHED,
        OverloadLevel.SLOW,
        OverloadLevel.REFUSE,
        OverloadLevel.NORMAL,
    ]


@pytest.mark.parametrize(
    ("strain", "highest"),
    [
        ("cpu", OverloadLevel.REFUSE),
        ("send_queue", OverloadLevel.SHED),
        ("lag", OverloadLevel.STOP),
        ("memory_stall", OverloadLevel.STOP),
    ],
)
def test_not_every_strain_ends_sessions(strain: str, highest: OverloadLevel) -> None:
    worker = Worker()
    worker.bears(120, **{strain: 1e12})
    assert worker.controller.level is highest


def test_of_several_causes_the_one_farthest_beyond_its_threshold_is_named() -> None:
    worker = Worker()
    worker.bears(4, lag=LAG[0] * 1.5, memory=0.86)
    assert worker.controller.cause == OverloadCause(Signal.LAG, LAG[0] * 1.5, LAG[0])


def test_one_that_is_off_takes_no_step() -> None:
    assert Worker(OverloadTuning(enabled=False)).bears(60, lag=99.0, memory=1.0) == []


@pytest.mark.parametrize("memory", [0.1, 0.85, 0.99])
def test_each_step_takes_more_than_the_one_before(memory: float) -> None:
    for thresholds in OverloadTuning(memory=memory).thresholds.values():
        assert list(thresholds) == sorted(set(thresholds))
    assert OverloadTuning(memory=memory).thresholds[Signal.MEMORY][-1] < 1.0
