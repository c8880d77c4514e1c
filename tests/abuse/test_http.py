"""Requests that no browser sends."""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.abuse.conftest import Open
from tests.abuse.wire import Wire, status
from tests.daemon import Daemon

HEAD = b"Host: localhost\r\n"


def get(path: bytes, *headers: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"".join(each + b"\r\n" for each in headers) + b"\r\n"


@pytest.mark.parametrize(
    "path",
    [
        b"/../../../../etc/passwd",
        b"/..%2f..%2f..%2fetc%2fpasswd",
        b"/%2e%2e/%2e%2e/etc/passwd",
        b"/%252e%252e/etc/passwd",
        b"/..\\..\\etc\\passwd",
        b"/app.js%00.png",
        b"/app.js/",
        b"/app.js;x",
        b"//app.js",
        b"///etc/passwd",
        b"/./app.js",
        b"/%c0%ae%c0%ae/etc/passwd",
        b"file:///etc/passwd",
        b"http://169.254.169.254/latest/meta-data/",
        b"localhost:443",
        b"/virtual-household/runs/../stats",
        b"/virtual-household/runs/%2e%2e%2fstats",
        b"/virtual-household/runs/" + b"a" * 4000,
        b"/virtual-household/runs/1'%20or%20'1'='1",
    ],
)
def test_a_path_finds_what_is_served_and_nothing_else(connect: Open, path: bytes) -> None:
    answer = connect().ask(get(path))
    assert status(answer) == 404
    assert answer.endswith(b"\r\n\r\nNot found.\n")


@pytest.mark.parametrize("name", [b"http://evil.example/app.js", b"/app.js#x", b"/app.js?a=b", b"/%61pp.js"])
def test_the_same_file_by_another_name_is_the_same_file(connect: Open, name: bytes) -> None:
    body = connect().ask(get(b"/app.js")).partition(b"\r\n\r\n")[2]
    assert connect().ask(get(name)).partition(b"\r\n\r\n")[2] == body


@pytest.mark.parametrize(
    "method", [b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PRI", b"get"]
)
def test_every_method_has_its_answer(connect: Open, method: bytes) -> None:
    answer = connect().ask(get(b"/").replace(b"GET", method, 1))
    if method in {b"HEAD", b"OPTIONS"}:
        assert status(answer) in {200, 204}
        assert answer.endswith(b"\r\n\r\n")
    elif method in {b"PRI", b"get"}:
        assert status(answer) == 501
    else:
        assert status(answer) == 405
        assert b"\r\nAllow: GET, HEAD, OPTIONS\r\n" in answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA\x00: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_request_is_no_defect_of_the_server(connect: Open, request_: bytes) -> None:
    assert status(connect().ask(request_)) in {200, 400, 505}


SMUGGLED = get(b"/virtual-household/health")


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: %d" % len(SMUGGLED)],
        [b"Content-Length: 0", b"Content-Length: %d" % len(SMUGGLED)],
        [b"Transfer-Encoding: chunked"],
        [b"Content-Length: 4", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: xchunked"],
        [b"Transfer-Encoding : chunked"],
        [b"Content-Length: +5"],
        [b"Content-Length: -1"],
        [b"Content-Length: 0x10"],
        [b"Content-Length: " + b"9" * 4000],
        [],
    ],
    ids=lambda headers: ",".join(each[:24].decode() for each in headers),
)
def test_a_connection_answers_one_request_whatever_follows(connect: Open, headers: list[bytes]) -> None:
    for method in (b"GET", b"POST"):
        answer = connect().ask(get(b"/", *headers).replace(b"GET", method, 1) + SMUGGLED)
        assert answer.count(b"HTTP/1.1 ") <= 1
        assert b'"active_sessions"' not in answer
        assert status(answer) in {200, 400, 405, 501}


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"X-%d: a\r\n" % number for number in range(100_000)),
        b"X: " + b"a" * 1_000_000,
        b"X: a\r\n" * 129,
        b"X" * 33_000 + b": a\r\n",
    ],
    ids=["many", "a long one", "one more than allowed", "a long name"],
)
def test_a_flood_of_headers_is_cut_off(connect: Open, flood: bytes) -> None:
    assert status(connect().ask(b"GET / HTTP/1.1\r\nHost: a\r\n" + flood + b"\r\n\r\n")) == 431


def test_a_request_line_without_end_is_cut_off(connect: Open) -> None:
    assert status(connect().ask(b"GET /" + b"a" * 1_000_000)) == 414


def test_a_response_that_nobody_reads_is_given_up_with_its_client(connect: Open) -> None:
    for _ in range(20):
        connect().send(get(b"/app.js"))


def test_an_upgrade_that_is_none_makes_no_session(target: Daemon, connect: Open) -> None:
    opened = target.get_server().totals.sessions_opened
    upgrade = (b"Upgrade: websocket", b"Connection: Upgrade")
    path, key, version = b"/ws/virtual-household/alex", b"Sec-WebSocket-Key: ", b"Sec-WebSocket-Version: "
    good = base64.b64encode(bytes(16))
    for wrong in (b"0", b"8", b"12", b"14", b"x", b"", b"13\r\nSec-WebSocket-Version: 8"):
        answer = connect().ask(get(path, *upgrade, key + good, version + wrong))
        assert status(answer) == 426
        assert b"\r\nSec-WebSocket-Version: 13\r\n" in answer
    for wrong in (b"", b"short", base64.b64encode(bytes(1000)), good + b"\r\n" + key + good):
        assert status(connect().ask(get(path, *upgrade, key + wrong, version + b"13"))) == 400
    assert target.get_server().totals.sessions_opened == opened


WORDS = (
    "GET POST / /app.js /ws/virtual-household/alex /virtual-household/stats HTTP/1.1 : Host Upgrade websocket "
    "Connection Content-Length 0 -1 Origin X-Forwarded-For %00 .. ? test_id= throughput=nan [ @"
)
TOKENS = st.sampled_from([*WORDS.encode().split(), b" ", b"\r\n", b"\n", b"\r", b"\xff", b"\0"])


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(TOKENS | st.binary(max_size=8), max_size=30))
def test_any_bytes_get_one_answer_or_none(target: Daemon, parts: list[bytes]) -> None:
    with Wire(target, target.tls) as wire:
        wire.send(b"".join(parts) + b"\r\n\r\n")
        wire.socket.settimeout(0.02)
        try:
            answer = wire.rest()
        except TimeoutError:
            # A request may go on; its time is bounded, and it ends with the client.
            return
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert status(answer) in {None, 200, 400, 404, 405, 414, 426, 501, 505}
