from __future__ import annotations

from dataclasses import replace

import pytest

from household.v1 import config_service_pb2 as pb
from household.v1.session_pb2 import Timeouts as TimeoutsMessage
from householdd.api import config_messages
from householdd.api.convert import duration
from householdd.api.errors import Refusal
from householdd.config.profiles import read_profiles
from householdd.settings.definitions import Choice, Limits, Range, Timeouts
from householdd.settings.runtime import Catalogue, LogLevel, RuntimeSettings, Source
from householdd.traffic.profiles import ProfileRates

DEFAULTS = Catalogue(read_profiles(None)).defaults


def test_the_api_has_every_setting() -> None:
    assert set(pb.Limits.DESCRIPTOR.fields_by_name) == set(Limits.ranges())
    assert set(pb.ProfileRates.DESCRIPTOR.fields_by_name) == {"download_mbps", "upload_mbps"}
    assert set(pb.RuntimeConfig.DESCRIPTOR.fields_by_name) == {"timeouts", "limits", "profiles", "log_level"}


def test_settings_survive_there_and_back_with_their_types() -> None:
    settings = RuntimeSettings(
        Timeouts(inactivity=12.5, probe_failures=7, drain=0.0),
        Limits(max_sessions=7, breaker_open=1.5, daemon_mbps=100.0),
        {**DEFAULTS.profiles, "jake": ProfileRates(5.0, 0.5)},
        LogLevel.ERROR,
    )
    found = config_messages.update(config_messages.config(settings), settings.by_path(), DEFAULTS)
    assert found == settings
    assert found.etag == settings.etag
    assert isinstance(found.limits.max_sessions, int)


def test_an_update_keeps_what_the_message_does_not_set() -> None:
    message = pb.RuntimeConfig(timeouts=TimeoutsMessage(drain=duration(0)))
    assert config_messages.update(message, ["timeouts.drain"], DEFAULTS) == replace(
        DEFAULTS, timeouts=Timeouts(drain=0)
    )


@pytest.mark.parametrize("path", [path for path in DEFAULTS.by_path() if path != "log_level"])
def test_a_masked_setting_without_a_value_is_refused(path: str) -> None:
    with pytest.raises(Refusal, match=rf"^config.{path}: is in the update_mask but has no value$"):
        config_messages.update(pb.RuntimeConfig(), [path], DEFAULTS)


@pytest.mark.parametrize("number", [0, 9])
def test_a_masked_level_that_is_none_is_refused(number: int) -> None:
    message = pb.RuntimeConfig(log_level=number)  # type: ignore[arg-type]  # a client can send any number
    with pytest.raises(Refusal, match=r"allowed are debug, info, warning, error$"):
        config_messages.update(message, ["log_level"], DEFAULTS)
    assert config_messages.update(message, [], DEFAULTS) == DEFAULTS


def test_a_profile_that_does_not_exist_is_ignored_without_a_mask() -> None:
    message = pb.RuntimeConfig(profiles={"nobody": pb.ProfileRates(download_mbps=1)})
    assert config_messages.update(message, [], DEFAULTS) == DEFAULTS


def test_a_number_is_shown_with_its_range() -> None:
    found = config_messages.setting(
        "timeouts.close", Range("time", 0.1, 30), (2.0, 1.0, 3.0), (Source.RUNTIME, Source.FILE)
    )
    assert found == pb.Setting(
        path="timeouts.close",
        description="time",
        unit="s",
        minimum=0.1,
        maximum=30,
        default_value=2,
        current_value=1,
        launch_value=3,
        source=pb.SETTING_SOURCE_RUNTIME,
        launch_source=pb.SETTING_SOURCE_FILE,
    )


def test_a_word_is_shown_by_its_place_among_the_choices() -> None:
    levels = (LogLevel.INFO, LogLevel.DEBUG, LogLevel.ERROR)
    found = config_messages.setting(
        "log_level", Choice("level", tuple(LogLevel)), levels, (Source.OPTION, Source.DEFAULT)
    )
    assert (found.default_value, found.current_value, found.launch_value) == (1, 0, 3)
    assert (found.minimum, found.maximum) == (0, 3)
    assert list(found.choices) == ["debug", "info", "warning", "error"]
