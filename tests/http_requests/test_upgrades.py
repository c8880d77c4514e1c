from __future__ import annotations

import base64

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from householdd.http.upgrades import accept, fault

VALID = {
    "Host": "a.example",
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    "Sec-WebSocket-Version": "13",
}


def request(protocol: str = "HTTP/1.1", **changes: str) -> Request:
    headers = {**VALID, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return Request("/ws", Headers({name: value for name, value in headers.items() if value}), "GET", protocol)


def test_a_valid_handshake_has_no_fault() -> None:
    assert fault(request()) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Upgrade": ""}, "has no Upgrade: websocket"),
        ({"protocol": "HTTP/1.0"}, "needs HTTP/1.1"),
        ({"Connection": "close"}, "has no Connection: Upgrade"),
        ({"Sec_WebSocket_Version": "8"}, "Only WebSocket version 13"),
    ],
)
def test_what_is_no_upgrade_is_told_to_upgrade(changes: dict[str, str], message: str) -> None:
    response = fault(request(**changes))
    assert response is not None
    assert (response.status_code, response.headers["Sec-WebSocket-Version"]) == (426, "13")
    assert message in response.body.decode()


@pytest.mark.parametrize(
    "changes",
    [{"Sec_WebSocket_Key": ""}, {"Sec_WebSocket_Key": "AAAA"}, {"Sec_WebSocket_Key": "!"}, {"Content_Length": "1"}],
)
def test_a_malformed_upgrade_is_refused(changes: dict[str, str]) -> None:
    response = fault(request(**changes))
    assert response is not None
    assert response.status_code == 400


def test_the_response_to_an_upgrade_is_the_one_of_the_standard() -> None:
    """The key and the answer of RFC 6455, section 1.3."""
    response = accept(request(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ=="), "householdd")
    assert response.status_code == 101
    assert response.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert response.serialize().startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
