from __future__ import annotations

import pytest

from householdd.clients.origins import Origins


@pytest.mark.parametrize(
    ("origin", "is_foreign"),
    [
        ("", False),
        ("https://speed.example", False),
        ("http://SPEED.example", False),
        ("https://isp.example", False),
        ("https://ISP.example", False),
        ("https://central.example", True),
        ("https://isp.example:8443", True),
        ("http://isp.example", True),
        ("null", True),
        ("https://speed.example.evil.example", True),
    ],
)
def test_foreign_is_every_page_that_is_neither_ours_nor_named(origin: str, is_foreign: bool) -> None:
    origins = Origins(["*", "https://isp.example"])
    assert origins.denies(origin, "speed.example") is None
    assert origins.is_foreign(origin, "speed.example") is is_foreign
