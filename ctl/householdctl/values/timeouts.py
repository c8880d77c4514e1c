"""Timeouts as operators name and write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from household.v1.config_service_pb2 import RuntimeConfig
from household.v1.session_pb2 import Timeouts
from householdctl.exit_codes import CommandError, ExitCode
from householdctl.values.settings import split_assignment
from householdctl.values.units import format_duration, parse_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from household.v1.config_service_pb2 import Setting

NAMES = tuple(Timeouts.DESCRIPTOR.fields_by_name)
GROUP = "timeouts"
PREFIX = f"{GROUP}."


def parse_assignments(assignments: Sequence[str]) -> tuple[RuntimeConfig, list[str]]:
    """Return configuration and update mask of ``inactivity=45s probe_failures=5``.

    Raise CommandError for an unknown or repeated name and for a value that is not a duration or count.
    """
    config = RuntimeConfig()
    paths: list[str] = []
    for assignment in assignments:
        name, value = split_assignment(assignment, "NAME=VALUE: inactivity=45s")
        path = mask_path(name)
        if path in paths:
            raise CommandError(ExitCode.USAGE, f"{name}: given twice")
        paths.append(path)
        _assign(config.timeouts, path.removeprefix(PREFIX), value)
    return config, paths


def mask_path(name: str) -> str:
    """Return a timeout's path in an update mask. Raise CommandError."""
    bare = name.removeprefix(PREFIX).replace("-", "_")
    if bare not in NAMES:
        raise CommandError(ExitCode.USAGE, f"{name!r} is not a timeout", f"allowed: {', '.join(NAMES)}")
    return PREFIX + bare


def mask_paths(names: Sequence[str]) -> list[str]:
    """Return paths, each once; without names that of the group. Raise CommandError."""
    return [mask_path(name) for name in dict.fromkeys(names)] or [GROUP]


def format_setting(setting: Setting, value: float) -> str:
    """Return a value with its unit."""
    return format_duration(value) if setting.unit == "s" else f"{value:g}{setting.unit}"


def _assign(timeouts: Timeouts, name: str, value: str) -> None:
    if Timeouts.DESCRIPTOR.fields_by_name[name].message_type is None:
        if not (value.isascii() and value.isdigit() and int(value) < 2**32):
            raise CommandError(ExitCode.USAGE, f"{name}: {value!r} is not a count", "write a whole number: 3")
        setattr(timeouts, name, int(value))
        return
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, f"{name}: {error}") from None
    getattr(timeouts, name).FromNanoseconds(round(seconds * 1e9))
