from __future__ import annotations

import pytest

from householdctl.data_plane.line_rate import LineRate, line_rate
from householdctl.data_plane.warm_up import WarmUp, warm_up_of


def alone(bps: float) -> LineRate:
    return line_rate(bps, bps, 3)


def test_the_warm_ups_rate_is_the_lines_unless_the_device_limited_it() -> None:
    assert warm_up_of(alone(20e6), None, 300) == WarmUp(line_bps=20e6, computer_mbps=30, single_bps=20e6)
    limited = WarmUp(line_bps=None, computer_mbps=30, single_bps=None)
    assert warm_up_of(alone(20e6), None, 300, device_limited=True) == limited


def test_each_direction_has_a_rate_to_ask_for() -> None:
    found = warm_up_of(alone(20e6), alone(5e6), 300)
    assert found is not None
    assert (found.computer_mbps, found.upload_line_bps, found.backup_mbps) == (30, 5e6, 8)
    found = warm_up_of(alone(20e6), alone(900e6), 300)
    assert found is not None
    assert (found.computer_mbps, found.upload_line_bps, found.backup_mbps) == (30, 900e6, 300)


def test_a_warm_up_in_which_nothing_arrives_has_no_rate() -> None:
    assert warm_up_of(None, None, 300) is None


@pytest.mark.parametrize(
    ("together_bps", "joined", "connections", "wanted_bps"),
    [
        (0.0, 0, 1, 15e6),  # no other one joined
        (8e6, 3, 1, 15e6),
        (11e6, 3, 1, 16.5e6),  # chance
        (12e6, 3, 3, 18e6),
        (20e6, 3, 4, 30e6),
        (35e6, 3, 7, 1.5 * 35e6 * 7 / 4),
        (40e6, 3, 8, 120e6),  # each gets as much as one alone: what fills the line is not known
        (60e6, 3, 8, 180e6),
        (20e6, 1, 2, 30e6),  # an older server lets one join
        (30e6, 2, 3, 45e6),
    ],
)
def test_a_line_that_one_connection_does_not_fill_gets_more(
    together_bps: float, joined: int, connections: int, wanted_bps: float
) -> None:
    found = line_rate(10e6, together_bps, joined)
    assert found.connections == connections
    assert found.single_bps == 10e6
    assert found.line_bps == max(10e6, together_bps)
    assert found.wanted_bps == pytest.approx(wanted_bps)
