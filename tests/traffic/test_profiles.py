from __future__ import annotations

import math
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from householdd.config.profiles import read_profiles
from householdd.traffic.profiles import ProfileError, ProfileRates, Profiles
from householdd.traffic.shapes import Burst, Constant, Shape, Silent, bulk
from tests.session.samples import PROFILES

ALEX = {
    "name": "Alex",
    "description": "Gaming",
    "activity_type": "gaming",
    "aliases": ["gamer"],
    "download": {"shape": "constant", "rate_mbps": 1.5, "tick_hz": 64},
    "upload": {"shape": "silent"},
}


def data(**changes: object) -> dict[str, Any]:
    """Data of one valid profile with these entries in it changed; None takes one out."""
    alex = {key: value for key, value in {**deepcopy(ALEX), **changes}.items() if value is not None}
    return {"profiles": {"alex": alex}}


def shape_of(**spec: object) -> Shape:
    profile = Profiles.read(data(download=spec)).find("alex")
    assert profile is not None
    return profile.download.shape()


@pytest.mark.parametrize(
    ("who", "alias", "download", "upload"),
    [
        ("alex", "gamer", Constant(1.5e6, 64), Constant(0.75e6, 64)),
        ("sarah", "worker", Constant(2.5e6, 30), Constant(2.5e6, 30)),
        ("jake", "streamer", Burst(25e6, 1, 4), Constant(0.1e6, 4)),
        ("computer", "downloader", bulk(1000e6), Constant(0.1e6, 4)),
    ],
)
def test_a_shipped_profile_means_what_is_documented(who: str, alias: str, download: Shape, upload: Shape) -> None:
    profile = PROFILES.find(who)
    assert profile is not None
    assert profile.key == who
    assert profile.name == who.capitalize()
    assert (profile.download.shape(), profile.upload.shape()) == (download, upload)
    assert PROFILES.find(alias) is profile


def test_four_people_live_in_the_shipped_house() -> None:
    assert list(PROFILES.by_key) == ["alex", "sarah", "jake", "computer"]


@pytest.mark.parametrize("who", ["", "ALEX", "alex_1", "Alex", "nobody"])
def test_an_unknown_name_finds_nobody(who: str) -> None:
    assert PROFILES.find(who) is None


def test_every_shape_can_be_written() -> None:
    assert shape_of(shape="constant", rate_mbps=2, tick_hz=10) == Constant(2e6, 10)
    assert shape_of(shape="burst", rate_mbps=2, on_s=1, off_s=0) == Burst(2e6, 1, 0)
    assert shape_of(shape="bulk", rate_mbps=2) == bulk(2e6)
    assert shape_of(shape="silent") == Silent()


def constant(**changes: object) -> dict[str, Any]:
    return data(download={"shape": "constant", "rate_mbps": 1.5, "tick_hz": 64, **changes})


def burst(**changes: object) -> dict[str, Any]:
    return data(download={"shape": "burst", "rate_mbps": 25, "on_s": 1, "off_s": 4, **changes})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "missing required field `profiles`"),
        ({"profiles": {}}, "profiles: at least one is needed"),
        ({"profiles": [], "x": 1}, "Expected `object`, got `array` - at `profiles`"),
        ({**data(), "colour": "red"}, "unknown field `colour`"),
        (data(colour="red"), "unknown field `colour` - at `profiles[...]`"),
        (data(key="bob"), "profiles.alex.key: not allowed; the table's name is the key"),
        (data(name=None), "missing required field `name` - at `profiles[...]`"),
        (data(name=""), "length >= 1 - at `profiles[...].name`"),
        (data(name=7), "Expected `str`, got `int` - at `profiles[...].name`"),
        (data(description="x" * 201), "length <= 200 - at `profiles[...].description`"),
        (data(aliases=["Gamer"]), "at `profiles[...].aliases[0]`"),
        (data(upload={"shape": "silent", "rate_mbps": 1}), "unknown field `rate_mbps` - at `profiles[...].upload`"),
        (data(download={"rate_mbps": 1}), "missing required field `shape` - at `profiles[...].download`"),
        (data(download={"shape": "square"}), "'square' - at `profiles[...].download.shape`"),
        (constant(burst=1), "unknown field `burst` - at `profiles[...].download`"),
        (constant(rate_mbps="1.5"), "Expected `float`, got `str` - at `profiles[...].download.rate_mbps`"),
        (constant(rate_mbps=True), "Expected `float`, got `bool` - at `profiles[...].download.rate_mbps`"),
        (constant(rate_mbps=0), "`float` >= 0.01 - at `profiles[...].download.rate_mbps`"),
        (constant(rate_mbps=10_001), "`float` <= 10000.0 - at `profiles[...].download.rate_mbps`"),
        (constant(rate_mbps=math.nan), "`float` >= 0.01 - at `profiles[...].download.rate_mbps`"),
        (constant(rate_mbps=math.inf), "`float` <= 10000.0 - at `profiles[...].download.rate_mbps`"),
        (constant(tick_hz=0.5), "`float` >= 1.0 - at `profiles[...].download.tick_hz`"),
        (constant(tick_hz=1001), "`float` <= 1000.0 - at `profiles[...].download.tick_hz`"),
        (burst(on_s=0.05), "`float` >= 0.1 - at `profiles[...].download.on_s`"),
        (burst(on_s=61), "`float` <= 60.0 - at `profiles[...].download.on_s`"),
        (burst(off_s=-1), "`float` >= 0.0 - at `profiles[...].download.off_s`"),
        ({"profiles": {"Alex": ALEX}}, "matching regex"),
    ],
)
def test_wrong_data_is_refused_with_where_and_what(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ProfileError) as caught:
        Profiles.read(wrong)
    assert message in str(caught.value)


@pytest.mark.parametrize("wrong", ["bob\n", "\nbob", "bob\r", "Bob", "", "b" * 33])
def test_a_name_is_one_short_word(wrong: str) -> None:
    for given in (data(aliases=[wrong]), {"profiles": {wrong: ALEX}}):
        with pytest.raises(ProfileError, match="matching regex"):
            Profiles.read(given)


@pytest.mark.parametrize("alias", ["gamer", "alex"])
def test_an_alias_means_one_profile(alias: str) -> None:
    bob = {**ALEX, "name": "Bob", "aliases": [alias]}
    with pytest.raises(ProfileError) as caught:
        Profiles.read({"profiles": {"alex": ALEX, "bob": bob}})
    assert str(caught.value) == f"profiles.bob.aliases: {alias!r} already means profile 'alex'"


def test_a_profile_may_repeat_its_own_name_as_an_alias() -> None:
    assert Profiles.read(data(aliases=["alex", "gamer", "gamer"])).find("gamer") is not None


def test_an_operators_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text(
        '[profiles.bob]\nname = "Bob"\ndescription = "Backup"\nactivity_type = "backup"\n'
        'download = { shape = "silent" }\nupload = { shape = "bulk", rate_mbps = 50 }\n'
    )
    assert list(read_profiles(file).by_key) == ["bob"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "No such file or directory"),
        (b"[profiles", "not TOML: "),
        (b"\xff", "not UTF-8: "),
        (b"", "missing required field `profiles`"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "profiles.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ProfileError) as caught:
        read_profiles(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert problem in str(caught.value)


def test_the_probe_is_found_but_not_listed() -> None:
    probe = PROFILES.find("probe")
    assert probe is not None
    assert (probe.download.shape().mean_bps, probe.upload.shape().mean_bps) == (0, 0)
    assert "probe" not in PROFILES.by_key


def test_the_backup_only_uploads_and_is_not_listed() -> None:
    backup = PROFILES.find("backup")
    assert backup is not None
    assert (backup.download.shape(), backup.upload.shape()) == (Silent(), bulk(1000e6))
    assert backup.activity_type == PROFILES.by_key["computer"].activity_type
    assert "backup" not in PROFILES.by_key


def test_the_backup_is_there_with_an_operators_people() -> None:
    backup = Profiles.read(data()).find("backup")
    assert backup is not None
    assert backup.uploads_bulk


@pytest.mark.parametrize(
    "people",
    [{"profiles": {"backup": ALEX}}, data(aliases=["backup"])],
    ids=["a profile of its own", "an alias"],
)
def test_an_operators_own_backup_comes_first(people: dict[str, Any]) -> None:
    profiles = Profiles.read(people)
    assert profiles.find("backup") is next(iter(profiles.by_key.values()))


def test_rates_can_be_changed_and_are_found_by_every_name() -> None:
    profiles = read_profiles(None)
    before = profiles.by_key["jake"]
    assert profiles.set_rates({"jake": ProfileRates(download_mbps=5.0), "alex": ProfileRates(1.5)}) == {"jake"}
    after = profiles.find("jake")
    assert after is not None
    assert after.download.shape().peak_bps == 5e6
    assert after.upload == before.upload
    assert before.download.shape().peak_bps == 25e6
    assert all(profiles.find(alias) is after for alias in after.aliases)
    assert profiles.by_key["jake"] is after
