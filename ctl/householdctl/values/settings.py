"""Settings as operators write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from household.v1.config_service_pb2 import LogLevel, RuntimeConfig
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.values.enums import short_name
from householdctl.values.units import parse_duration, to_duration

if TYPE_CHECKING:
    from collections.abc import Sequence


def split_assignment(assignment: str, form: str) -> tuple[str, str]:
    """Return name and value. Raise CommandError, which tells the right ``form``."""
    name, equals, value = assignment.partition("=")
    if not equals or not value:
        raise CommandError(ExitCode.USAGE, f"{assignment!r} is not an assignment", f"write {form}")
    return name, value


def parse_assignments(assignments: Sequence[str]) -> tuple[RuntimeConfig, list[str]]:
    """Return configuration and update mask of ``limits.max_sessions=500 log_level=debug``.

    The daemon refuses unknown keys. Raise CommandError for a repeated key and for a value that is not a duration,
    number or log level.
    """
    config = RuntimeConfig()
    paths: list[str] = []
    for assignment in assignments:
        path, value = split_assignment(assignment, "KEY=VALUE: limits.max_sessions=500")
        if path in paths:
            raise CommandError(ExitCode.USAGE, f"{path}: given twice")
        paths.append(path)
        try:
            _assign(config, path, value)
        except ValueError as error:
            raise CommandError(ExitCode.USAGE, f"{path}: {error}") from None
    return config, paths


def value_of(config: RuntimeConfig, path: str) -> float | str | None:
    """Return seconds, a number, or a word; None for an unknown setting."""
    found = _find(config, path)
    if found is None:
        return None
    holder, name = found
    field, value = holder.DESCRIPTOR.fields_by_name[name], getattr(holder, name)
    if field.enum_type is not None:
        return short_name(LogLevel, value).lower()
    return float(value.ToTimedelta().total_seconds()) if field.message_type is not None else float(value)


def _assign(config: RuntimeConfig, path: str, value: str) -> None:
    found = _find(config, path)
    if found is None:
        return
    holder, name = found
    field = holder.DESCRIPTOR.fields_by_name[name]
    if field.enum_type is not None:
        setattr(holder, name, _level(value))
    elif field.message_type is not None:
        getattr(holder, name).CopyFrom(to_duration(parse_duration(value)))
    elif field.cpp_type == field.CPPTYPE_DOUBLE:
        setattr(holder, name, _number(value))
    elif value.isascii() and value.isdigit() and int(value) < 2**32:
        setattr(holder, name, int(value))
    else:
        raise ValueError(f"{value!r} is not a count; write a whole number: 3")


def _find(config: RuntimeConfig, path: str) -> tuple[Any, str] | None:
    """Return the setting's message and field."""
    match path.split("."):
        case [("timeouts" | "limits") as group, name]:
            holder: Any = getattr(config, group)
        case ["profiles", key, name]:
            holder = config.profiles[key]
        case ["log_level" as name]:
            holder = config
        case _:
            return None
    return (holder, name) if name in holder.DESCRIPTOR.fields_by_name else None


def _level(word: str) -> int:
    levels = {short_name(LogLevel, number).lower(): number for number in LogLevel.values() if number}
    if word.lower() not in levels:
        raise ValueError(f"{word!r} is not a log level; allowed: {', '.join(levels)}")
    return levels[word.lower()]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
