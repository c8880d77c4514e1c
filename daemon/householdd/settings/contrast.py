"""How well two colours can be told apart: the contrast ratio of WCAG 2.2."""

from __future__ import annotations

MIN_CONTRAST = 4.5
"""Of text on its background, success criterion 1.4.3."""


def ratio(one: str, other: str) -> float:
    """From 1, the same, to 21, black on white; colours are ``#rrggbb``."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, from 0 to 1."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
