"""Stretches of the load: what the Computer does in each, and how long it does so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from household_scoring.directions import Stretch

if TYPE_CHECKING:
    from collections.abc import Mapping

BACKUP = "backup"
"""Profile of the Computer's upload."""

COMPUTER_SESSIONS: Mapping[Stretch, tuple[str, ...]] = {
    "download": ("computer",),
    "upload": (BACKUP,),
    "both": ("computer", BACKUP),
}
"""Profiles of the Computer's sessions in each stretch."""

LOAD_S = 36.0
"""Seconds of all stretches together: with warm-ups and recovery, a run on a line of 100 ms takes a minute at most."""
DOWNLOAD_ONLY_S = 30.0
MIN_LOAD_S = 36.0
"""Seconds for the 100 answers that a verdict needs in each stretch: at ten pings a second with some to spare."""


@dataclass(frozen=True)
class Load:
    """Stretches of one length, in order of time."""

    stretches: tuple[Stretch, ...]
    stretch_s: float


def load_of(seconds: float | None, *, download_only: bool) -> Load:
    """Return the load of ``seconds`` in total; None for the default."""
    if download_only:
        return Load(("download",), DOWNLOAD_ONLY_S if seconds is None else seconds)
    stretches: tuple[Stretch, ...] = get_args(Stretch)
    return Load(stretches, (LOAD_S if seconds is None else seconds) / len(stretches))
