from __future__ import annotations

from householdctl.data_plane.warm_up import WarmUp, warm_up_of


def test_the_warm_ups_rate_is_the_lines_unless_the_device_limited_it() -> None:
    assert warm_up_of(20e6, 0.0, 300) == WarmUp(line_bps=20e6, computer_mbps=30)
    assert warm_up_of(20e6, 0.0, 300, device_limited=True) == WarmUp(line_bps=None, computer_mbps=30)


def test_each_direction_has_a_rate_to_ask_for() -> None:
    assert warm_up_of(20e6, 5e6, 300) == WarmUp(20e6, 30, upload_line_bps=5e6, backup_mbps=8)
    assert warm_up_of(20e6, 900e6, 300) == WarmUp(20e6, 30, upload_line_bps=900e6, backup_mbps=300)


def test_a_warm_up_in_which_nothing_arrives_has_no_rate() -> None:
    assert warm_up_of(0.0, 0.0, 300) is None
