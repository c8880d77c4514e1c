"""Timeouts for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from householdctl.output.tables import Column
from householdctl.values.timeouts import GROUP, PREFIX, format_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from household.v1.config_service_pb2 import RuntimeConfig, Setting


@dataclass(frozen=True)
class TimeoutChange:
    """A setting before and after."""

    name: str
    before: str
    after: str


def _allowed(setting: Setting) -> str:
    return f"{format_setting(setting, setting.minimum)} to {format_setting(setting, setting.maximum)}"


COLUMNS: tuple[Column[Setting], ...] = (
    Column("NAME", lambda setting: setting.path.removeprefix(PREFIX)),
    Column("CURRENT", lambda setting: format_setting(setting, setting.current_value), right=True),
    Column("LAUNCH", lambda setting: format_setting(setting, setting.launch_value), right=True),
    Column("DEFAULT", lambda setting: format_setting(setting, setting.default_value), right=True, rank=2),
    Column("ALLOWED", _allowed, rank=1),
    Column("UNIT", lambda setting: setting.unit or "count", rank=4),
    Column("DESCRIPTION", lambda setting: setting.description, rank=3),
)
CHANGE_COLUMNS: tuple[Column[TimeoutChange], ...] = (
    Column("NAME", lambda change: change.name),
    Column("BEFORE", lambda change: change.before, right=True),
    Column("AFTER", lambda change: change.after, right=True),
)


def changes(before: Iterable[Setting], after: RuntimeConfig, paths: Sequence[str]) -> list[TimeoutChange]:
    """Return the timeouts of ``paths``, which may name the whole group."""
    return [
        TimeoutChange(
            setting.path.removeprefix(PREFIX),
            format_setting(setting, setting.current_value),
            format_setting(setting, _value(after, setting.path)),
        )
        for setting in before
        if setting.path.startswith(PREFIX) and (setting.path in paths or GROUP in paths)
    ]


def _value(config: RuntimeConfig, path: str) -> float:
    value = getattr(config.timeouts, path.removeprefix(PREFIX))
    return float(value) if isinstance(value, int) else value.ToTimedelta().total_seconds()
