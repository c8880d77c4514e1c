from __future__ import annotations

import pytest

from householdctl.output.tables import fitting
from householdctl.values.units import (
    format_age,
    format_ago,
    format_bytes,
    format_duration,
    format_rate,
    format_round_trip,
    parse_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45", 45),
        ("0.5", 0.5),
        ("250ms", 0.25),
        ("45s", 45),
        ("1m30s", 90),
        ("2h", 7200),
        ("1.5m", 90),
        ("2d", 172_800),
        ("2d04h", 187_200),
        ("0", 0),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "s", "-5s", "5 s", "5w", "1e3", "inf", "5s3", "s5", "٣s", "5S"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write 500ms"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (45, "45s"),
        (90, "1m30s"),
        (600, "10m"),
        (3600, "1h"),
        (3661.5, "1h1m1.5s"),
        (-2, "-2s"),
    ],
)
def test_durations_are_shown_as_they_are_typed(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.3104, "310ms"), (12.34, "12.3s"), (245, "4m05s"), (12_000, "3h20m"), (187_200, "2d04h")]
)
def test_ages_are_shown_at_a_glance(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


def test_rates_amounts_and_round_trips() -> None:
    assert [format_rate(rate) for rate in (0, 999, 1500, 25e6, 999.96e6, 2.5e9)] == [
        "0 bit/s",
        "999 bit/s",
        "1.5 kbit/s",
        "25.0 Mbit/s",
        "1.0 Gbit/s",
        "2.5 Gbit/s",
    ]
    assert format_bytes(3_100_000) == "3.1 MB"
    assert [format_round_trip(rtt) for rtt in (0.0482, 0.522)] == ["48.2ms", "522ms"]


def test_a_narrow_terminal_gives_up_the_least_important_columns() -> None:
    widths, ranks = [5, 9, 5], [0, 1, 2]
    assert [fitting(widths, ranks, width) for width in (80, 23, 22, 15, 1)] == [
        [0, 1, 2],
        [0, 1, 2],
        [0, 1],
        [0],
        [0],
    ]


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (0.4, "now"),
        (-0.4, "now"),
        (59.9, "59s ago"),
        (60, "1m ago"),
        (3 * 60 + 59, "3m ago"),
        (3600, "1h ago"),
        (86399, "23h ago"),
        (29.5 * 86400, "29d ago"),
        (-90, "in 1m"),
        (31 * 86400, ""),
    ],
)
def test_how_long_ago_something_was(age: float, shown: str) -> None:
    assert format_ago(age) == shown
