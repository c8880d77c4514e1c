"""Sessions that are told all that others are, and have next to no payload."""

from __future__ import annotations

from pathlib import Path

from householdd.config.profiles import BUILT_IN
from tests.daemon import CROWD

QUIET = "quiet"

_PROFILE = f"""
[profiles.{QUIET}]
name = "Quiet"
description = "A portion of payload a second"
activity_type = "idle"
download = {{ shape = "constant", rate_mbps = 0.01, tick_hz = 1 }}
upload = {{ shape = "constant", rate_mbps = 0.1, tick_hz = 4 }}
"""
"""A profile of its own: a lower rate for another one makes its portions smaller, not rarer, and those of 1500 sessions
of Jake took half of a worker's time."""


def quiet_crowd(directory: Path) -> dict[str, str]:
    """The environment of a daemon that takes any number of such sessions; its file of profiles is in ``directory``."""
    path = directory / "profiles.toml"
    path.write_text(BUILT_IN.read_text() + _PROFILE)
    return CROWD | {"HOUSEHOLDD_PROFILES": str(path)}
