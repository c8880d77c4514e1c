"""The runtime configuration as messages, and what an update mask takes out of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.duration_pb2 import Duration

from household.v1 import config_service_pb2 as pb
from householdd.api.convert import duration, seconds
from householdd.api.errors import raise_invalid
from householdd.settings.runtime import LOG_LEVELS, Catalogue, Source, Values


def config(values: Values) -> pb.RuntimeConfig:
    """All values."""
    message = pb.RuntimeConfig()
    for path, value in values.items():
        parent, name = _holder(message, path)
        field = type(parent).DESCRIPTOR.fields_by_name[name]
        if field.enum_type is not None:
            setattr(parent, name, pb.LogLevel.Value(f"LOG_LEVEL_{LOG_LEVELS[int(value)].upper()}"))
        elif field.message_type is not None:
            getattr(parent, name).CopyFrom(duration(value))
        else:
            setattr(parent, name, type(getattr(parent, name))(value))
    return message


def masked(message: pb.RuntimeConfig, paths: Iterable[str]) -> Values:
    """The values of the settings ``paths`` in a request. Raises Refusal for one that is in the mask and not set."""
    return {path: _value(message, path) for path in paths}


def setting(
    path: str, catalogue: Catalogue, current: Values, launch: Values, sources: tuple[Source, Source]
) -> pb.Setting:
    """A setting with all there is to say of it; ``sources`` of its values now and at launch."""
    meaning = catalogue.meanings[path]
    return pb.Setting(
        path=path,
        description=meaning.description,
        unit=meaning.unit,
        minimum=meaning.minimum,
        maximum=meaning.maximum,
        default_value=catalogue.defaults[path],
        current_value=current[path],
        launch_value=launch[path],
        source=pb.SettingSource.Value(f"SETTING_SOURCE_{sources[0].name}"),
        launch_source=pb.SettingSource.Value(f"SETTING_SOURCE_{sources[1].name}"),
        choices=meaning.choices,
    )


def _value(message: pb.RuntimeConfig, path: str) -> float:
    holder: Any = message
    *groups, name = path.split(".")
    for group in groups:
        # Looking up a key of a map would make it.
        holder = holder.get(group) if hasattr(holder, "get") else getattr(holder, group)
        if holder is None:
            _missing(path)
    field = type(holder).DESCRIPTOR.fields_by_name[name]
    value = getattr(holder, name)
    if field.enum_type is not None:
        if value not in pb.LogLevel.values() or value == pb.LOG_LEVEL_UNSPECIFIED:
            raise_invalid(f"config.{path}", f"is in the update_mask and no level; allowed are {', '.join(LOG_LEVELS)}")
        return LOG_LEVELS.index(pb.LogLevel.Name(value).removeprefix("LOG_LEVEL_").lower())
    if not holder.HasField(name):
        _missing(path)
    return seconds(value) if isinstance(value, Duration) else float(value)


def _missing(path: str) -> None:
    raise_invalid(f"config.{path}", "is in the update_mask but has no value")


def _holder(message: pb.RuntimeConfig, path: str) -> tuple[Any, str]:
    holder: Any = message
    *groups, name = path.split(".")
    for group in groups:
        holder = holder[group] if hasattr(holder, "get") else getattr(holder, group)
    return holder, name
