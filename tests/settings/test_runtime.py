from __future__ import annotations

from dataclasses import replace

import pytest

from householdd.config.profiles import read_profiles
from householdd.settings.definitions import Choice, Limits, SettingError, Timeouts
from householdd.settings.runtime import Catalogue, LogLevel, RuntimeSettings
from householdd.traffic.profiles import ProfileRates

CATALOGUE = Catalogue(read_profiles(None))
DEFAULTS = CATALOGUE.defaults


def test_it_covers_deadlines_limits_rates_and_the_log_level() -> None:
    assert [path for path in CATALOGUE.definitions if not path.startswith(("timeouts.", "limits."))] == [
        "profiles.alex.download_mbps",
        "profiles.alex.upload_mbps",
        "profiles.sarah.download_mbps",
        "profiles.sarah.upload_mbps",
        "profiles.jake.download_mbps",
        "profiles.jake.upload_mbps",
        "profiles.computer.download_mbps",
        "profiles.computer.upload_mbps",
        "log_level",
    ]
    assert list(CATALOGUE.definitions) == list(DEFAULTS.by_path())


def test_the_defaults_are_allowed() -> None:
    CATALOGUE.check(DEFAULTS, CATALOGUE.definitions)
    assert (DEFAULTS.timeouts, DEFAULTS.limits, DEFAULTS.log_level) == (Timeouts(), Limits(), LogLevel.INFO)
    assert DEFAULTS.profiles["jake"].download_mbps == 25


def test_the_log_level_is_a_choice_of_words() -> None:
    definition = CATALOGUE.definitions["log_level"]
    assert isinstance(definition, Choice)
    assert definition.choices == ("debug", "info", "warning", "error")


@pytest.mark.parametrize(
    ("path", "settings", "message"),
    [
        ("limits.max_sessions", Limits(max_sessions=0), "0 is out of range; allowed is 1 to 100000"),
        ("limits.daemon_mbps", Limits(daemon_mbps=0), "0 Mbit/s is out of range; allowed is 0.1 to 1000000 Mbit/s"),
        (
            "limits.handshakes_per_second",
            Limits(handshakes_per_second=0.5),
            "0.5 /s is out of range; allowed is 1 to 100000 /s",
        ),
        ("profiles.jake.download_mbps", ProfileRates(0), "0 Mbit/s is out of range; allowed is 0.01 to 10000 Mbit/s"),
        (
            "profiles.jake.upload_mbps",
            ProfileRates(upload_mbps=10_001),
            "10001 Mbit/s is out of range; allowed is 0.01 to 10000 Mbit/s",
        ),
    ],
)
def test_a_value_that_is_not_allowed_is_named(path: str, settings: Limits | ProfileRates, message: str) -> None:
    update = (
        replace(DEFAULTS, limits=settings)
        if isinstance(settings, Limits)
        else replace(DEFAULTS, profiles={"jake": settings})
    )
    CATALOGUE.check(update, ["timeouts.close"])
    with pytest.raises(SettingError) as caught:
        CATALOGUE.check(update, ["timeouts.close", path])
    assert (caught.value.path, caught.value.problem) == (path, message)


def test_a_merge_takes_the_masked_values_only() -> None:
    update = RuntimeSettings(
        Timeouts(inactivity=60, close=1), Limits(max_sessions=7), {"jake": ProfileRates(5.0, 0.5)}, LogLevel.DEBUG
    )
    mask = ["timeouts.close", "profiles.jake.download_mbps", "log_level"]
    jake = replace(DEFAULTS.profiles["jake"], download_mbps=5.0)
    assert DEFAULTS.merge(update, mask) == RuntimeSettings(
        Timeouts(close=1), Limits(), {**DEFAULTS.profiles, "jake": jake}, LogLevel.DEBUG
    )
    assert DEFAULTS.merge(update, []) == DEFAULTS


def test_a_group_stands_for_what_is_below_it() -> None:
    assert CATALOGUE.expand(["limits", "limits.max_sessions", "log_level"]) == [
        "limits.max_sessions",
        "limits.max_sessions_per_address",
        "limits.max_sessions_per_network",
        "limits.handshakes_per_second",
        "limits.handshakes_per_second_per_address",
        "limits.requests_per_second_per_address",
        "limits.max_unfinished_handshakes",
        "limits.max_unfinished_handshakes_per_address",
        "limits.breaker_failures",
        "limits.breaker_failures_per_profile",
        "limits.breaker_handshakes",
        "limits.breaker_open",
        "limits.breaker_max_open",
        "limits.daemon_mbps",
        "limits.block_mbps",
        "limits.customer_mbps",
        "limits.session_mbps",
        "log_level",
    ]
    assert CATALOGUE.expand(["profiles.alex"]) == ["profiles.alex.download_mbps", "profiles.alex.upload_mbps"]


GROUPS = "known are timeouts, limits, profiles, log_level"


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("", GROUPS),
        ("limit", GROUPS),
        ("log_levl", "did you mean log_level?"),
        ("log_level.x", GROUPS),
        ("profiles.nobody", GROUPS),
        ("profiles.alex.speed", "known are profiles.alex.download_mbps, profiles.alex.upload_mbps"),
        ("profiles.alex.upload", "did you mean profiles.alex.upload_mbps?"),
        ("timeouts.innactivity", "did you mean timeouts.inactivity?"),
    ],
)
def test_a_path_that_names_nothing_is_refused(path: str, hint: str) -> None:
    with pytest.raises(SettingError) as caught:
        CATALOGUE.expand([path])
    assert caught.value.problem == f"no setting {path!r}; {hint}"


def test_an_etag_stands_for_the_values() -> None:
    changed = replace(DEFAULTS, limits=Limits(max_sessions=7))
    assert changed.etag != DEFAULTS.etag
    assert changed.etag == replace(changed, profiles=dict(sorted(DEFAULTS.profiles.items(), reverse=True))).etag
    assert len(changed.etag) == 16
