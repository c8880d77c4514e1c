from __future__ import annotations

import pytest

from householdd.config.profiles import read_profiles
from householdd.settings import runtime
from householdd.settings.definitions import Limits, SettingError, Timeouts
from householdd.settings.runtime import Catalogue

CATALOGUE = Catalogue(read_profiles(None))


def test_it_covers_deadlines_limits_rates_and_the_log_level() -> None:
    assert [path for path in CATALOGUE.meanings if not path.startswith(("timeouts.", "limits."))] == [
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
    assert CATALOGUE.meanings.keys() == CATALOGUE.defaults.keys()


def test_the_defaults_are_allowed_and_come_back_typed() -> None:
    CATALOGUE.check(CATALOGUE.defaults)
    assert runtime.timeouts(CATALOGUE.defaults) == Timeouts()
    assert runtime.limits(CATALOGUE.defaults) == Limits()
    assert isinstance(runtime.limits({**CATALOGUE.defaults, "limits.max_sessions": 7.0}).max_sessions, int)
    assert runtime.rates(CATALOGUE.defaults)["jake"]["download"] == 25
    assert runtime.log_level(CATALOGUE.defaults) == "info"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("limits.max_sessions", 0, "0 is out of range; allowed is 1 to 100000"),
        ("limits.max_sessions", 2.5, "2.5 is not a whole number; allowed is 1 to 100000"),
        ("limits.daemon_mbps", 0, "0 Mbit/s is out of range; allowed is 0.1 to 1000000 Mbit/s"),
        ("limits.handshakes_per_second", 0.5, "0.5 /s is out of range; allowed is 1 to 100000 /s"),
        ("profiles.jake.download_mbps", 0, "0 Mbit/s is out of range; allowed is 0.01 to 10000 Mbit/s"),
        ("profiles.jake.download_mbps", 10_001, "10001 Mbit/s is out of range; allowed is 0.01 to 10000 Mbit/s"),
        ("limits.max_session", 1, "no setting 'limits.max_session'; did you mean limits.max_sessions?"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(path: str, value: float, message: str) -> None:
    with pytest.raises(SettingError) as caught:
        CATALOGUE.check({"timeouts.close": 1, path: value})
    assert (caught.value.path, caught.value.problem) == (path, message)


def test_a_group_stands_for_what_is_below_it() -> None:
    assert CATALOGUE.expand(["limits", "limits.max_sessions", "log_level"]) == [
        "limits.max_sessions",
        "limits.max_sessions_per_address",
        "limits.max_sessions_per_network",
        "limits.handshakes_per_second",
        "limits.handshakes_per_second_per_address",
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
    changed = {**CATALOGUE.defaults, "limits.max_sessions": 7}
    assert runtime.etag(changed) != runtime.etag(CATALOGUE.defaults)
    assert runtime.etag(changed) == runtime.etag(dict(reversed(changed.items())))
    assert runtime.etag({**changed, "limits.max_sessions": 7.0}) == runtime.etag(changed)
