from __future__ import annotations

import pytest

from householdctl.data_plane.measurements import RAMP_S, WarmUp, warm_up_of

ARRIVALS = [(RAMP_S + 1, 2_500_000), (RAMP_S + 2, 2_500_000)]


def test_the_warm_ups_rate_is_the_lines_unless_the_device_limited_it() -> None:
    assert warm_up_of(ARRIVALS, 0.0, 300) == WarmUp(line_bps=20e6, computer_mbps=30)
    assert warm_up_of(ARRIVALS, 0.0, 300, device_limited=True) == WarmUp(line_bps=None, computer_mbps=30)


@pytest.mark.parametrize("arrivals", [[], [(0.5, 1000)]])
def test_a_warm_up_in_which_nothing_arrives_has_no_rate(arrivals: list[tuple[float, int]]) -> None:
    assert warm_up_of(arrivals, 0.0, 300) is None
