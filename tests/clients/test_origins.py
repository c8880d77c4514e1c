from __future__ import annotations

import pytest

from householdd.clients.origins import Origins, is_same_origin


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


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://127.0.0.1:8445", True),
        ("https://127.0.0.1:8445", True),
        ("http://127.0.0.1:8446", False),
        ("http://localhost:8445", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
        ("file://127.0.0.1:8445", False),
        ("http://127.0.0.1:8445, http://evil.example", False),
    ],
)
def test_only_the_same_host_and_port_are_the_same_origin(origin: str, same: bool) -> None:
    assert is_same_origin(origin, "127.0.0.1:8445") is same


def test_other_pages_are_refused_unless_their_origin_is_allowed() -> None:
    origins = Origins(["https://isp.example"])
    assert origins.denies("https://isp.example", "speed.example") is None
    assert origins.denies("https://speed.example", "speed.example") is None
    assert origins.denies("https://other.example", "speed.example") == "Pages of this site may not open sessions here."


@pytest.mark.parametrize("required", [False, True])
def test_a_client_without_an_origin_is_refused_if_one_is_required(required: bool) -> None:
    assert (Origins([], required).denies("", "speed.example") is not None) is required
