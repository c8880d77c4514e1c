from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from householdd.settings.definitions import SettingError, Timeouts

RANGES = {
    "inactivity": (1, 3600, 30),
    "inactivity_floor": (1, 3600, 10),
    "max_duration": (1, 86400, 300),
    "probe_timeout": (1, 60, 1),
    "probe_timeout_ceiling": (1, 60, 5),
    "probe_failures": (1, 100, 3),
    "close": (0.1, 30, 2),
    "drain": (0, 3600, 90),
}
"""Minimum, maximum and default of each setting."""


def with_value(name: str, value: float) -> Timeouts:
    return replace(Timeouts(), **{name: value})  # type: ignore[arg-type]  # a count may be a fraction here


def test_every_setting_has_its_range_and_default() -> None:
    default = Timeouts()
    found = {
        name: (allowed.minimum, allowed.maximum, getattr(default, name)) for name, allowed in Timeouts.ranges().items()
    }
    assert found == RANGES


def test_every_setting_is_described_in_a_sentence_with_its_unit() -> None:
    for name, allowed in Timeouts.ranges().items():
        assert len(allowed.description.split()) > 4
        assert allowed.unit == ("" if name == "probe_failures" else "s")


@pytest.mark.parametrize(("name", "value"), [(name, end) for name, ends in RANGES.items() for end in ends])
def test_both_ends_and_the_default_are_allowed(name: str, value: float) -> None:
    with_value(name, value).check()


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1, 1e9])
def test_a_value_out_of_range_is_refused_with_what_is_allowed(name: str, value: float) -> None:
    allowed = Timeouts.ranges()[name].allowed
    with pytest.raises(SettingError, match=rf"^{name}: .* is out of range; allowed is {allowed}$") as caught:
        with_value(name, value).check()
    assert caught.value.path == name


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("inactivity", 0.5, "inactivity: 0.5 s is out of range; allowed is 1 to 3600 s"),
        ("inactivity", 3600.0001, "inactivity: 3600.0001 s is out of range; allowed is 1 to 3600 s"),
        ("probe_failures", 101, "probe_failures: 101 is out of range; allowed is 1 to 100"),
        ("probe_failures", 2.5, "probe_failures: 2.5 is not a whole number; allowed is 1 to 100"),
    ],
)
def test_a_wrong_value_is_refused_in_one_precise_sentence(name: str, value: float, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        with_value(name, value).check()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("probe_timeot", "probe_timeot: no such setting; did you mean probe_timeout?"),
        (
            "colour",
            (
                "colour: no such setting; known are inactivity, inactivity_floor, max_duration, probe_timeout, "
                "probe_timeout_ceiling, probe_failures, close, drain"
            ),
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_or_all(name: str, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        Timeouts.check_name(name)
    assert str(caught.value) == message


def test_the_first_wrong_value_is_named() -> None:
    with pytest.raises(SettingError, match=r"^close: "):
        Timeouts(inactivity=60, close=99, drain=-1).check()


@pytest.mark.parametrize(
    "values",
    [
        {"inactivity": 3},
        {"inactivity_floor": 3600},
        {"probe_timeout": 60},
        {"probe_timeout_ceiling": 1},
        {"inactivity": 25, "inactivity_floor": 25, "probe_timeout": 2, "probe_timeout_ceiling": 2},
    ],
)
def test_the_bounds_of_an_adaptive_timeout_do_not_refuse_each_other(values: dict[str, float]) -> None:
    """An operator changes one at a time; the description says which of two crossed bounds applies."""
    replace(Timeouts(), **values).check()  # type: ignore[arg-type]  # counts are not among them


@given(st.dictionaries(st.sampled_from(sorted(RANGES)), st.floats()))
def test_values_that_are_not_refused_are_in_range(values: dict[str, float]) -> None:
    settings = replace(Timeouts(), **values)  # type: ignore[arg-type]  # a count may be a fraction here
    try:
        settings.check()
    except SettingError:
        return
    for name, (low, high, _) in RANGES.items():
        assert low <= getattr(settings, name) <= high
