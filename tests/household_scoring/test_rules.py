from __future__ import annotations

import copy
import json
import tomllib
from importlib.resources import files

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from household_scoring.grade import Grade, grade
from household_scoring.outcome import component
from household_scoring.playout import play
from household_scoring.requirements import Requirements, shipped
from household_scoring.statistics import percentile
from tests.household_scoring.scoring_calls import Json

latencies = st.floats(0, 1e5)


def shipped_data() -> Json:
    return json.loads((files("household_scoring") / "requirements.json").read_bytes())


def test_every_activity_of_the_shipped_household_has_a_requirement() -> None:
    profiles = tomllib.loads((files("householdd") / "data" / "profiles.toml").read_text())["profiles"]
    assert {profile["activity_type"] for profile in profiles.values()} == set(shipped().activities)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("activities", "gaming", "latency", 0, "rop"), 101, "rop must be at most cpup"),
        (("activities", "gaming", "latency", 0, "percentile"), 0, "> 0.0"),
        (("activities", "gaming", "loss", "rop"), 0.02, "rop must be at most cpup"),
        (("activities", "gaming", "delivery", "rop"), 0.6, "rop must be at least cpup"),
        (("activities", "streaming", "player", "startS"), 0, "> 0.0"),
        (("activities", "gaming", "latencyFrom"), "bulk", "Invalid enum value 'bulk'"),
        (("activities", "gaming", "mood"), 1, "unknown field `mood`"),
        (("bands", 0, "least"), 60, "bands must be in falling order"),
        (("bands", 4, "least"), 5, "the last one at 0"),
        (("bands", 0, "band"), "good", "bands must be excellent, good"),
    ],
)
def test_data_that_cannot_be_used_is_refused(path: tuple[str | int, ...], value: object, message: str) -> None:
    data = copy.deepcopy(shipped_data())
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.convert(data, Requirements)


@given(latencies, latencies)
def test_latency_that_grew_tenfold_never_scores_a_b(baseline_ms: float, loaded_ms: float) -> None:
    if loaded_ms >= 10 * baseline_ms:
        assert grade(baseline_ms, loaded_ms) is not Grade.B


@given(latencies, latencies, latencies)
def test_more_latency_is_never_graded_better(baseline_ms: float, one_ms: float, other_ms: float) -> None:
    order = list(Grade)
    less, more = sorted((one_ms, other_ms))
    assert order.index(grade(baseline_ms, less)) <= order.index(grade(baseline_ms, more))


@given(latencies, latencies, st.floats(0, 1e3), st.floats(0, 1e3))
def test_more_is_never_scored_better(one: float, other: float, rop: float, range_: float) -> None:
    less, more = sorted((one, other))
    assert 100 >= component(less, rop, rop + range_) >= component(more, rop, rop + range_) >= 0


@given(st.lists(latencies, min_size=1), st.floats(0.01, 100))
def test_a_percentile_is_a_value_that_enough_others_do_not_exceed(values: list[float], percent: float) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(each <= found for each in values) >= percent * len(values) / 100 * (1 - 1e-12)
    assert sum(each < found for each in values) < percent * len(values) / 100 * (1 + 1e-12)


@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(0, 10_000)), max_size=40).map(sorted),
    st.floats(0.1, 5),
    st.floats(0.1, 5),
)
def test_a_player_waits_plays_or_stands_still(
    arrivals: list[tuple[float, int]], start_s: float, resume_s: float
) -> None:
    seen = play(arrivals, video_bps=8000, start_s=start_s, resume_s=resume_s, until_s=30)
    if seen.start_up_s is None:
        assert (seen.stalls, seen.stall_s, seen.played_s) == (0, 0, 0)
    else:
        assert seen.start_up_s + seen.stall_s + seen.played_s == pytest.approx(30)
    assert seen.played_s <= sum(size for _, size in arrivals) / 1000 + 1e-6
