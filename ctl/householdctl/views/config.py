"""Runtime configuration for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from household.v1.config_service_pb2 import SettingSource
from householdctl.output.tables import Column
from householdctl.values.enums import short_name
from householdctl.values.settings import value_of
from householdctl.values.units import format_duration
from householdctl.views.timeouts import CHANGE_COLUMNS, TimeoutChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from household.v1.config_service_pb2 import RuntimeConfig, Setting

__all__ = ["CHANGE_COLUMNS", "COLUMNS", "changes"]


def written(setting: Setting, value: float | str | None) -> str:
    """Return a value as ``config set`` takes it."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if setting.choices:
        return setting.choices[int(value)]
    return format_duration(value) if setting.unit == "s" else f"{value:g}" if value % 1 else str(int(value))


def _allowed(setting: Setting) -> str:
    if setting.choices:
        return ", ".join(setting.choices)
    unit = f" {setting.unit}" if setting.unit not in ("", "s") else ""
    return f"{written(setting, setting.minimum)} to {written(setting, setting.maximum)}{unit}"


COLUMNS: tuple[Column[Setting], ...] = (
    Column("KEY", lambda setting: setting.path),
    Column("CURRENT", lambda setting: written(setting, setting.current_value), right=True),
    Column("LAUNCH", lambda setting: written(setting, setting.launch_value), right=True),
    Column("SOURCE", lambda setting: short_name(SettingSource, setting.source).lower()),
    Column("DEFAULT", lambda setting: written(setting, setting.default_value), right=True, rank=2),
    Column("ALLOWED", _allowed, rank=1),
    Column("DESCRIPTION", lambda setting: setting.description, rank=3),
)


def changes(before: Iterable[Setting], after: RuntimeConfig, paths: Sequence[str]) -> list[TimeoutChange]:
    """Return the settings of ``paths``, by default all."""
    return [
        TimeoutChange(
            setting.path, written(setting, setting.current_value), written(setting, value_of(after, setting.path))
        )
        for setting in before
        if not paths or any(setting.path == path or setting.path.startswith(f"{path}.") for path in paths)
    ]
