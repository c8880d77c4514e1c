"""Profiles from the package's data or the operator's file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from householdd.config.toml_files import read_toml
from householdd.traffic.profiles import ProfileError, Profiles

BUILT_IN = files("householdd") / "data" / "profiles.toml"


def read_profiles(path: Path | None) -> Profiles:
    """Read ``path``, or the package's profiles. Raise ProfileError."""
    source = path or BUILT_IN
    try:
        return Profiles.read(read_toml(source))
    except OSError as error:
        message = f"{path}: {error.strerror}"
    except ValueError as error:
        message = f"{path}: {error}"
    raise ProfileError(message)
