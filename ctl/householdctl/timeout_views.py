"""Timeouts as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from householdctl.output import Column
from householdctl.timeouts_input import PREFIX, format_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from household.v1.config_service_pb2 import RuntimeConfig, Setting

COLUMNS = (
    Column("NAME"),
    Column("CURRENT", right=True),
    Column("LAUNCH", right=True),
    Column("DEFAULT", right=True, rank=2),
    Column("ALLOWED", rank=1),
    Column("UNIT", rank=4),
    Column("DESCRIPTION", rank=3),
)
CHANGE_COLUMNS = (Column("NAME"), Column("BEFORE", right=True), Column("AFTER", right=True))


def row(setting: Setting) -> list[str]:
    """A setting in the order of :data:`COLUMNS`."""
    return [
        setting.path.removeprefix(PREFIX),
        format_setting(setting, setting.current_value),
        format_setting(setting, setting.launch_value),
        format_setting(setting, setting.default_value),
        f"{format_setting(setting, setting.minimum)} to {format_setting(setting, setting.maximum)}",
        setting.unit or "count",
        setting.description,
    ]


def changes(before: Iterable[Setting], after: RuntimeConfig, paths: Sequence[str]) -> list[list[str]]:
    """Each setting of ``paths``, or every one when there are none, in the order of :data:`CHANGE_COLUMNS`."""
    return [
        [
            setting.path.removeprefix(PREFIX),
            format_setting(setting, setting.current_value),
            format_setting(setting, _value(after, setting.path)),
        ]
        for setting in before
        if (not paths or setting.path in paths) and setting.path.startswith(PREFIX)
    ]


def _value(config: RuntimeConfig, path: str) -> float:
    value = getattr(config.timeouts, path.removeprefix(PREFIX))
    return float(value) if isinstance(value, int) else value.ToTimedelta().total_seconds()
