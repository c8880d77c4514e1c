from __future__ import annotations

import http

import msgspec
import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from householdd.http import methods, responses


def request(method: str = "GET", path: str = "/", **headers: str) -> Request:
    return Request(path, Headers({name.replace("_", "-"): value for name, value in headers.items()}), method)


async def page() -> Response:
    return responses.text(http.HTTPStatus.OK, "page")


ROUTE: methods.Methods = {"GET": page}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_get_and_head_have_one_handler(method: str) -> None:
    response = await methods.answer(request(method), ROUTE)
    assert response is not None
    assert (response.status_code, response.body) == (200, b"page\n")


@pytest.mark.parametrize(
    ("method", "path", "route", "status", "allow"),
    [
        ("OPTIONS", "/", ROUTE, 204, "GET, HEAD, OPTIONS"),
        ("OPTIONS", "*", {}, 204, "GET, HEAD, OPTIONS"),
        ("POST", "/", ROUTE, 405, "GET, HEAD, OPTIONS"),
        ("POST", "/", {}, 404, None),
        ("BREW", "/", ROUTE, 501, None),
    ],
)
async def test_other_methods_are_told_what_is_allowed(
    method: str, path: str, route: methods.Methods, status: int, allow: str | None
) -> None:
    response = await methods.answer(request(method, path), route)
    assert response is not None
    assert (response.status_code, response.headers.get("Allow")) == (status, allow)


@pytest.mark.parametrize(
    ("origin", "allowed", "answer"),
    [
        ("https://a.example", ["https://a.example"], "https://a.example"),
        ("https://a.example", ["*"], "https://a.example"),
        ("https://a.example", [], None),
        ("https://a.example.evil", ["https://a.example"], None),
    ],
)
def test_pages_of_allowed_origins_may_read_a_response(origin: str, allowed: list[str], answer: str | None) -> None:
    response = responses.data({"a": 1})
    methods.allow_origins(request(Origin=origin), response, allowed)
    assert response.headers.get("Access-Control-Allow-Origin") == answer
    assert msgspec.json.decode(response.body) == {"a": 1}


async def test_a_preflight_permits_the_methods_and_headers_that_are_asked_for() -> None:
    asked = request(
        "OPTIONS",
        Origin="https://a.example",
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="content-type",
    )
    response = await methods.answer(asked, ROUTE)
    assert response is not None
    methods.allow_origins(asked, response, ["*"])
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert response.headers["Access-Control-Allow-Headers"] == "content-type"
