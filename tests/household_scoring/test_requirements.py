from __future__ import annotations

import copy
import json
import tomllib
from importlib.resources import files

import msgspec
import pytest

from household_scoring.requirements import Requirements, shipped
from tests.household_scoring.scoring_calls import Json


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
