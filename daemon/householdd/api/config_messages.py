"""Runtime settings as messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration

from household.v1 import config_service_pb2 as pb
from household.v1.session_pb2 import Timeouts as TimeoutsMessage
from householdd.api import convert
from householdd.api.errors import raise_invalid
from householdd.settings.definitions import Definition, Limits, Range, Timeouts
from householdd.settings.runtime import LogLevel, RuntimeSettings, Source
from householdd.traffic.profiles import ProfileRates

_Group = TypeVar("_Group", Timeouts, Limits, ProfileRates)

_LOG_LEVELS = {level: pb.LogLevel.Value(f"LOG_LEVEL_{level.name}") for level in LogLevel}


def config(settings: RuntimeSettings) -> pb.RuntimeConfig:
    return pb.RuntimeConfig(
        timeouts=convert.timeouts(settings.timeouts),
        limits=convert.settings(pb.Limits(), settings.limits),
        profiles={
            key: pb.ProfileRates(download_mbps=rates.download_mbps, upload_mbps=rates.upload_mbps)
            for key, rates in settings.profiles.items()
        },
        log_level=_LOG_LEVELS[settings.log_level],
    )


def update(message: pb.RuntimeConfig, mask: Iterable[str], base: RuntimeSettings) -> RuntimeSettings:
    """Return ``base`` with the values of ``message``.

    Raise Refusal for a setting in ``mask`` but not in ``message``.
    """
    given = _paths(message)
    for path in mask:
        if path == "log_level" and message.log_level not in _LOG_LEVELS.values():
            raise_invalid("config.log_level", f"is in the update_mask and no level; allowed are {', '.join(LogLevel)}")
        if path not in given:
            raise_invalid(f"config.{path}", "is in the update_mask but has no value")
    return RuntimeSettings(
        _group(message.timeouts, base.timeouts),
        _group(message.limits, base.limits),
        {
            # Looking up a missing key would add it.
            key: _group(message.profiles[key], rates) if key in message.profiles else rates
            for key, rates in base.profiles.items()
        },
        next((level for level, number in _LOG_LEVELS.items() if number == message.log_level), base.log_level),
    )


def _paths(message: pb.RuntimeConfig) -> set[str]:
    groups = {f"profiles.{key}": rates.ListFields() for key, rates in message.profiles.items()}
    groups |= {"timeouts": message.timeouts.ListFields(), "limits": message.limits.ListFields()}
    return {f"{group}.{field.name}" for group, given in groups.items() for field, _ in given} | {"log_level"}


def _group(message: TimeoutsMessage | pb.Limits | pb.ProfileRates, base: _Group) -> _Group:
    given: dict[str, Any] = {
        field.name: convert.seconds(value) if isinstance(value, Duration) else value
        for field, value in message.ListFields()
    }
    return replace(base, **given)


def setting(
    path: str, definition: Definition, values: tuple[float | LogLevel, ...], sources: tuple[Source, Source]
) -> pb.Setting:
    """Return a setting.

    ``values`` are default, current and launch value, ``sources`` those of the last two.
    """
    default, current, launch = map(_number, values)
    message = pb.Setting(
        path=path,
        description=definition.description,
        default_value=default,
        current_value=current,
        launch_value=launch,
        source=pb.SettingSource.Value(f"SETTING_SOURCE_{sources[0].name}"),
        launch_source=pb.SettingSource.Value(f"SETTING_SOURCE_{sources[1].name}"),
    )
    if isinstance(definition, Range):
        message.unit, message.minimum, message.maximum = definition.unit, definition.minimum, definition.maximum
    else:
        message.choices.extend(definition.choices)
        message.maximum = len(definition.choices) - 1
    return message


def _number(value: float | LogLevel) -> float:
    """Return a word as its index in the choices."""
    return list(LogLevel).index(value) if isinstance(value, LogLevel) else value
