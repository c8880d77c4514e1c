"""The runtime configuration: everything that can be changed while the daemon runs, as numbers by path."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import Enum

from householdd.settings.definitions import Limits, SettingError, SettingMeaning, Timeouts
from householdd.traffic.profiles import GREATEST_RATE, MIN_RATE, Profiles, SilentSpec

LOG_LEVELS = ("debug", "info", "warning", "error")

Values = Mapping[str, float]
"""A value for every path."""


class Source(Enum):
    """Where a value comes from; a later one wins over those before."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OPTION = "option"
    RUNTIME = "runtime"


class Catalogue:
    """Which settings there are, what they mean, and what they are when nothing is configured."""

    def __init__(self, profiles: Profiles) -> None:
        """``profiles`` as read at launch; the rate of each direction that has one can be changed."""
        self.profiles = tuple(profiles.by_key)
        """Keys of all profiles."""
        self.meanings: dict[str, SettingMeaning] = {}
        """By path, in the order in which they are shown."""
        defaults: dict[str, float] = {}
        for group, settings in (("timeouts", Timeouts()), ("limits", Limits())):
            for name, meaning in settings.meanings().items():
                self.meanings[f"{group}.{name}"] = meaning
                defaults[f"{group}.{name}"] = getattr(settings, name)
        for key, profile in profiles.by_key.items():
            for direction in ("download", "upload"):
                spec = getattr(profile, direction)
                if isinstance(spec, SilentSpec):
                    continue
                path = f"profiles.{key}.{direction}_mbps"
                words = f"rate at which {profile.name} {direction}s, while there is traffic"
                self.meanings[path] = SettingMeaning(words, MIN_RATE, GREATEST_RATE, "Mbit/s")
                defaults[path] = spec.rate_mbps
        self.meanings["log_level"] = SettingMeaning(
            "least level of what is logged, by the daemon and its workers",
            *(0, len(LOG_LEVELS) - 1, ""),
            whole=True,
            choices=LOG_LEVELS,
        )
        defaults["log_level"] = LOG_LEVELS.index("info")
        self.defaults: Values = defaults

    def expand(self, paths: Iterable[str]) -> list[str]:
        """The settings that paths of an update mask name: themselves, or all below a group.

        Raises SettingError for one that names none.
        """
        found: dict[str, None] = {}
        for path in paths:
            below = [each for each in self.meanings if each == path or each.startswith(f"{path}.")]
            if not below:
                raise SettingError(path, self.unknown(path))
            found.update(dict.fromkeys(below))
        return list(found)

    def unknown(self, path: str) -> str:
        """What to say of a path that names no setting."""
        group, _, name = path.rpartition(".")
        beside = {each.rpartition(".")[2]: each for each in self.meanings if each.rpartition(".")[0] == group}
        near = difflib.get_close_matches(name, beside, n=1)
        known = beside.values() if group and beside else dict.fromkeys(each.partition(".")[0] for each in self.meanings)
        hint = f"did you mean {beside[near[0]]}?" if near else f"known are {', '.join(known)}"
        return f"no setting {path[:64]!r}; {hint}"

    def check(self, values: Values) -> None:
        """Raises SettingError for the first value that its setting does not take."""
        for path, value in values.items():
            if path not in self.meanings:
                raise SettingError(path, self.unknown(path))
            self.meanings[path].check(path, value)


def timeouts(values: Values) -> Timeouts:
    """The deadlines in ``values``."""
    return Timeouts().changed({name: values[f"timeouts.{name}"] for name in Timeouts.meanings()})


def limits(values: Values) -> Limits:
    """The limits in ``values``."""
    return Limits().changed({name: values[f"limits.{name}"] for name in Limits.meanings()})


def rates(values: Values) -> dict[str, dict[str, float]]:
    """Mbit/s by profile and direction, in those that have a rate."""
    found: dict[str, dict[str, float]] = {}
    for path, value in values.items():
        if path.startswith("profiles."):
            _, key, direction = path.split(".")
            found.setdefault(key, {})[direction.removesuffix("_mbps")] = value
    return found


def log_level(values: Values) -> str:
    """The level's word."""
    return LOG_LEVELS[int(values["log_level"])]


def etag(values: Values) -> str:
    """Sixteen characters that stand for exactly these values."""
    text = json.dumps(sorted((path, float(value)) for path, value in values.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
