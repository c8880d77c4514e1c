"""Refuses impossible measurements."""

from __future__ import annotations

import math
from collections.abc import Iterable


def require_amount(value: float, what: str) -> None:
    """Raise ValueError unless finite and at least 0."""
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{what} must be a finite number of at least 0")


def require_amounts(values: Iterable[float], what: str) -> None:
    for index, value in enumerate(values):
        require_amount(value, f"{what}[{index}]")


def require_positive(value: float, what: str) -> None:
    """Raise ValueError unless finite and above 0."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{what} must be a finite number above 0")


def require_share(value: float, what: str) -> None:
    """Raise ValueError unless from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{what} must be from 0 to 1")
