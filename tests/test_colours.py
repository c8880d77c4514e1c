"""Colours of the page's lines and people are distinguishable in both schemes."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

LOOK = Path(__file__).parents[1] / "client" / "look" / "look.css"

TOGETHER = [
    ("accent", "alex", "sarah", "jake", "computer"),
    ("down", "up"),
]
"""Colours shown side by side, in a chart and on the cards."""

MIN_DISTANCE = 25.0
"""CIE76 distance in CIELAB; about 2 is just noticeable, and thin lines need far more."""


def _schemes() -> dict[str, dict[str, str]]:
    light, _, rest = LOOK.read_text().partition("@media screen and (prefers-color-scheme: dark)")
    dark = rest.partition("\n}\n")[0]
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))
        for name, text in (("light", light), ("dark", dark))
    }


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _root(value: float) -> float:
    return value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116


def _lab(colour: str) -> tuple[float, float, float]:
    red, green, blue = (_linear(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    x = _root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505)
    y = _root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = _root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("names", TOGETHER, ids=" ".join)
def test_no_two_colours_are_alike(scheme: str, names: tuple[str, ...]) -> None:
    colours = _schemes()[scheme]
    for one, other in itertools.combinations(names, 2):
        pairs = zip(_lab(colours[one]), _lab(colours[other]), strict=True)
        distance = sum((a - b) ** 2 for a, b in pairs) ** 0.5
        assert distance >= MIN_DISTANCE, (scheme, one, other, distance)
