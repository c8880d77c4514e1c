from __future__ import annotations

import pytest

from householdd.core.overload import LATE, WINDOW, Overload

INTERVAL = 0.25


def after(*lateness: float) -> bool:
    overload = Overload()
    for each in lateness:
        overload.passed(each, INTERVAL)
    return overload.overloaded


@pytest.mark.parametrize(
    ("lateness", "overloaded"),
    [
        ([0.0] * 100, False),
        ([0.0, LATE], False),
        # One in twenty is above the 95th percentile, two are not.
        ([LATE * 2, *[0.0] * 19], False),
        ([LATE * 2, LATE * 2], True),
        ([LATE * 2, *[0.0] * 18, LATE * 2], True),
        # What is older than the window is forgotten.
        ([LATE * 2, *[0.0] * WINDOW, LATE * 2], False),
        # A pass that a whole other pass would have fitted before is enough by itself.
        ([INTERVAL], False),
        ([INTERVAL * 1.1], True),
        ([INTERVAL * 1.1, 0.0], False),
    ],
)
def test_a_server_is_overloaded_when_its_95th_percentile_is_late(lateness: list[float], overloaded: bool) -> None:
    assert after(*lateness) is overloaded
