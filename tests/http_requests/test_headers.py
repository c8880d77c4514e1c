from __future__ import annotations

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from householdd.http.headers import has_body, header, items, path_of, wants_websocket


def request(*headers: tuple[str, str], method: str = "GET") -> Request:
    sent = Headers()
    for name, value in headers:
        sent[name] = value
    return Request("/", sent, method)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a%20b?c=d", "/a b"),
        ("/%2e%2e/x", "/../x"),
        ("http://test.example/a", "/a"),
        ("//[", "//["),
        ("", ""),
    ],
)
def test_a_path_is_decoded_and_has_no_query(target: str, path: str) -> None:
    assert path_of(target) == path


def test_repeated_headers_are_joined() -> None:
    sent = request(("Connection", "keep-alive, Upgrade"), ("Connection", "close"))
    assert header(sent, "Connection") == "keep-alive, Upgrade, close"
    assert items(sent, "Connection") == ["keep-alive", "Upgrade", "close"]
    assert header(sent, "Origin") == ""


@pytest.mark.parametrize(
    ("method", "upgrade", "wanted"),
    [("GET", "websocket", True), ("GET", "h2c, WebSocket", True), ("GET", "h2c", False), ("POST", "websocket", False)],
)
def test_a_websocket_is_asked_for_by_get_and_upgrade(method: str, upgrade: str, wanted: bool) -> None:
    assert wants_websocket(request(("Upgrade", upgrade), method=method)) is wanted


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        ((), False),
        ((("Content-Length", "0"),), False),
        ((("Content-Length", "7"),), True),
        ((("Transfer-Encoding", "chunked"),), True),
    ],
)
def test_a_body_is_announced_by_its_length_or_coding(sent: tuple[tuple[str, str], ...], body: bool) -> None:
    assert has_body(request(*sent)) is body
