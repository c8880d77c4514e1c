"""Settings that can change while the daemon runs."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum, StrEnum
from typing import TypeVar

import msgspec

from householdd.settings.definitions import Choice, Definition, Limits, Range, SettingError, SettingGroup, Timeouts
from householdd.traffic.profiles import MAX_RATE_MBPS, MIN_RATE_MBPS, ProfileRates, Profiles

_Group = TypeVar("_Group", Timeouts, Limits, ProfileRates)


class LogLevel(StrEnum):
    """Lowest first."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Source(Enum):
    """Each takes precedence over those before."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"
    RUNTIME = "runtime"


@dataclass(frozen=True)
class RuntimeSettings:
    """Grouped as in the API's RuntimeConfig."""

    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: Limits = field(default_factory=Limits)
    profiles: Mapping[str, ProfileRates] = field(default_factory=dict)
    """By key."""
    log_level: LogLevel = LogLevel.INFO

    def by_path(self) -> dict[str, float | LogLevel]:
        """Return values by paths such as ``limits.max_sessions``."""
        groups: dict[str, SettingGroup | ProfileRates] = {"timeouts": self.timeouts, "limits": self.limits}
        groups |= {f"profiles.{key}": rates for key, rates in self.profiles.items()}
        values: dict[str, float | LogLevel] = {
            f"{group}.{each.name}": value
            for group, settings in groups.items()
            for each in fields(settings)
            if (value := getattr(settings, each.name)) is not None
        }
        return {**values, "log_level": self.log_level}

    def merge(self, update: RuntimeSettings, mask: Collection[str]) -> RuntimeSettings:
        """Take the paths in ``mask`` from ``update``."""
        return RuntimeSettings(
            _merge("timeouts", self.timeouts, update.timeouts, mask),
            _merge("limits", self.limits, update.limits, mask),
            {
                key: _merge(f"profiles.{key}", rates, update.profiles.get(key, rates), mask)
                for key, rates in self.profiles.items()
            },
            update.log_level if "log_level" in mask else self.log_level,
        )

    @property
    def etag(self) -> str:
        """Hash in 16 characters."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:16]


def _merge(path: str, settings: _Group, update: _Group, mask: Collection[str]) -> _Group:
    masked = [each.name for each in fields(settings) if f"{path}.{each.name}" in mask]
    return replace(settings, **{name: getattr(update, name) for name in masked})


class Catalogue:
    """Definition and default of each setting."""

    def __init__(self, profiles: Profiles) -> None:
        """Make settings of the rates of ``profiles``."""
        self.profiles = tuple(profiles.by_key)
        self.defaults = RuntimeSettings(profiles=profiles.rates)
        self.definitions: dict[str, Definition] = {
            **{f"timeouts.{name}": allowed for name, allowed in Timeouts.ranges().items()},
            **{f"limits.{name}": allowed for name, allowed in Limits.ranges().items()},
        }
        """By path, in the order shown."""
        for path in self.defaults.by_path():
            if path.startswith("profiles."):
                _, key, name = path.split(".")
                verb = f"{name.removesuffix('_mbps')}s"
                words = f"rate at which {profiles.by_key[key].name} {verb}, while there is traffic"
                self.definitions[path] = Range(words, MIN_RATE_MBPS, MAX_RATE_MBPS, "Mbit/s")
        self.definitions["log_level"] = Choice("lowest level that the daemon and its workers log", tuple(LogLevel))

    def expand(self, paths: Iterable[str]) -> list[str]:
        """Return settings named by paths: one, or a whole group. Raise SettingError."""
        found: dict[str, None] = {}
        for path in paths:
            below = [each for each in self.definitions if each == path or each.startswith(f"{path}.")]
            if not below:
                raise SettingError(path, self._unknown(path))
            found.update(dict.fromkeys(below))
        return list(found)

    def _unknown(self, path: str) -> str:
        group, _, name = path.rpartition(".")
        beside = {each.rpartition(".")[2]: each for each in self.definitions if each.rpartition(".")[0] == group}
        near = difflib.get_close_matches(name, beside, n=1)
        groups = dict.fromkeys(each.partition(".")[0] for each in self.definitions)
        known = beside.values() if group and beside else groups
        hint = f"did you mean {beside[near[0]]}?" if near else f"known are {', '.join(known)}"
        return f"no setting {path[:64]!r}; {hint}"

    def check(self, settings: RuntimeSettings, mask: Iterable[str]) -> None:
        """Raise SettingError for the first bad value in ``mask``."""
        values = settings.by_path()
        for path in mask:
            definition, value = self.definitions[path], values[path]
            if isinstance(definition, Range) and not isinstance(value, LogLevel):
                definition.check(path, value)
