"""Sessions that receive all messages, and next to no payload."""

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
"""A separate profile: a lower rate for an existing one makes portions smaller, not rarer, and those of 1500 sessions of
Jake took half of a worker's time."""


def quiet_crowd(directory: Path) -> dict[str, str]:
    """Return the environment of a daemon for any number of such sessions; its profiles are in ``directory``."""
    path = directory / "profiles.toml"
    path.write_text(BUILT_IN.read_text() + _PROFILE)
    return CROWD | {"HOUSEHOLDD_PROFILES": str(path)}
