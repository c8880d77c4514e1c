from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from householdd.http.reader import MAX_EARLY_BYTES, MAX_HEAD_BYTES, MAX_HEADERS, RequestError, RequestReader

HOST = b"Host: a.example\r\n"


def read(data: bytes) -> RequestReader:
    reader = RequestReader()
    reader.feed(data)
    return reader


def status(reader: RequestReader) -> int:
    assert reader.request is None
    assert reader.error is not None
    return reader.error.status


@pytest.mark.parametrize(
    "data",
    [
        b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a?b=c HTTP/1.2\r\n" + HOST + b"\r\n",
        b"\r\n\r\nGET /a?b=c HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a?b=c HTTP/1.1\n" + HOST.replace(b"\r", b"") + b"\n",
        b"GET http://a.example/a?b=c HTTP/1.1\r\nHost: other.example\r\n\r\n",
        b"GET HTTP://a.example/a?b=c HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\n",
        b"GET /a?b=c HTTP/1.1\r\n" + HOST + b"X: folded\r\n into two\r\n\r\n",
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_request_is_read_however_it_is_written_and_cut(data: bytes, size: int) -> None:
    reader = RequestReader()
    for piece in _batched(data, size):
        reader.feed(piece)
    assert reader.error is None
    assert reader.request is not None
    assert (reader.request.method, reader.request.path, reader.request.protocol) == ("GET", "/a?b=c", "HTTP/1.1")
    assert reader.request.headers.get_all("host") == ["a.example"]


def _batched(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize(("target", "path"), [(b"http://a.example", "/"), (b"http://a.example?b", "/?b"), (b"*", "*")])
def test_an_absolute_address_becomes_a_path(target: bytes, path: str) -> None:
    request = read(b"OPTIONS " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n").request
    assert request is not None
    assert request.path == path


def test_an_old_client_needs_no_host() -> None:
    request = read(b"GET / HTTP/1.0\r\n\r\n").request
    assert request is not None
    assert request.protocol == "HTTP/1.0"


FAULTS: dict[str, tuple[int, bytes]] = {
    "HTTP/0.9": (400, b"GET /\r\n"),
    "no request": (400, b"hello\r\n"),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "two spaces": (400, b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n"),
    "tabs": (400, b"GET\t/\tHTTP/1.1\r\n" + HOST + b"\r\n"),
    "a space in the address": (400, b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n"),
    "raw UTF-8": (400, "GET /ä HTTP/1.1\r\n".encode() + HOST + b"\r\n"),
    "another protocol": (400, b"GET / FTP/1.1\r\n" + HOST + b"\r\n"),
    "HTTP/0.9 by name": (505, b"GET / HTTP/0.9\r\n" + HOST + b"\r\n"),
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\n" + HOST + b"\r\n"),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/11.1": (400, b"GET / HTTP/11.1\r\n" + HOST + b"\r\n"),
    "no Host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n"),
    "a Host with a path": (400, b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    "a Host with a space": (400, b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    "no colon": (400, b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n"),
    "a space before the colon": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A : b\r\n\r\n"),
    "a folded first header": (400, b"GET / HTTP/1.1\r\n X: a\r\n" + HOST + b"\r\n"),
    "NUL in a value": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\0c\r\n\r\n"),
    "a control character": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\x01c\r\n\r\n"),
    "ESC": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: \x1b[0m\r\n\r\n"),
    "DEL": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\x7fc\r\n\r\n"),
    "CR in a value": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\rc\r\n\r\n"),
    "NUL in a name": (400, b"GET / HTTP/1.1\r\n" + HOST + b"A\0: b\r\n\r\n"),
    "Content-Length +1": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\nx"),
    "two Content-Lengths": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx"),
    "two framings": (400, b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nx"),
    "another coding": (501, b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n"),
    "a long address": (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"),
    "an address without end": (414, b"GET /" + b"a" * 9000),
    "a long header": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n"),
    "a header without end": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: " + b"a" * MAX_HEAD_BYTES),
    "many headers": (431, b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * MAX_HEADERS + b"\r\n"),
    "many short headers": (431, b"GET / HTTP/1.1\n" + HOST + b"A:\n" * MAX_HEADERS + b"\n"),
}


@pytest.mark.parametrize(("wanted", "data"), FAULTS.values(), ids=FAULTS)
def test_a_fault_has_a_status_and_words_of_our_own(wanted: int, data: bytes) -> None:
    reader = read(data)
    assert status(reader) == wanted
    words = str(reader.error)
    assert words.endswith(".")
    assert "bytearray" not in words


@pytest.mark.parametrize("size", [1, 2, 3, 5, 10_000])
def test_as_many_headers_as_are_allowed_are_taken_and_lines_of_a_body_are_none(size: int) -> None:
    headers = HOST + b"A: b\r\n" * (MAX_HEADERS - 2) + b"Content-Length: 1000\r\n"
    reader = RequestReader()
    for piece in _batched(b"POST / HTTP/1.1\r\n" + headers + b"\r\n" + b"\n" * 1000, size):
        reader.feed(piece)
    assert reader.error is None
    assert reader.body(1000) == b"\n" * 1000


def test_a_request_that_ends_early_is_malformed() -> None:
    reader = read(b"GET / HTTP/1.1\r\nHo")
    reader.feed_eof()
    assert status(reader) == 400


def test_a_client_that_says_nothing_has_made_no_mistake() -> None:
    reader = read(b"\r\n")
    reader.feed_eof()
    assert reader.error is None
    assert not reader.began


POST = b"POST / HTTP/1.1\r\n" + HOST
BODIES = {
    "none": (POST + b"\r\n", b""),
    "counted": (POST + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    "chunked": (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n", b"hello"),
}


@pytest.mark.parametrize(("data", "body"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("size", [1, 1000])
def test_a_body_is_read_in_pieces(data: bytes, body: bytes, size: int) -> None:
    reader = RequestReader()
    found: bytes | None = None
    for piece in _batched(data, size):
        assert found is None
        reader.feed(piece)
        if reader.request is not None:
            found = reader.body(5)
    assert found == body


@pytest.mark.parametrize(
    ("wanted", "data"),
    [
        (413, POST + b"Content-Length: 6\r\n\r\n"),
        (413, POST + b"Transfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n0\r\n\r\n"),
        (413, POST + b"Content-Length: 5\r\n\r\n" + b"x" * (MAX_HEAD_BYTES + MAX_EARLY_BYTES)),
        (400, POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n"),
    ],
)
def test_a_body_that_is_too_large_or_not_framed_is_refused(wanted: int, data: bytes) -> None:
    with pytest.raises(RequestError) as refused:
        read(data).body(5)
    assert refused.value.status == wanted


def test_a_body_that_ends_early_is_refused() -> None:
    reader = read(POST + b"Content-Length: 5\r\n\r\nhel")
    assert reader.body(5) is None
    reader.feed_eof()
    with pytest.raises(RequestError) as refused:
        reader.body(5)
    assert refused.value.status == 400


def test_what_comes_behind_an_upgrade_is_kept_for_the_websocket() -> None:
    data = b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    reader = read(data + b"abc")
    reader.feed(b"def")
    assert reader.take_behind() == b"abcdef"


def test_no_more_than_so_much_is_kept() -> None:
    reader = read(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    for _ in range(100):
        reader.feed(b"x" * 10_000)
    assert reader.overflowed
    assert len(reader.take_behind()) == MAX_EARLY_BYTES


@settings(derandomize=True, deadline=None)
@given(st.lists(st.sampled_from([b"GET", b" ", b"/", b"HTTP/1.1", b"\r\n", b":", HOST]) | st.binary(max_size=4)))
def test_any_bytes_are_a_request_or_a_fault_or_wait_for_more(parts: list[bytes]) -> None:
    reader = RequestReader()
    for part in parts:
        reader.feed(part)
    reader.feed_eof()
    assert (reader.request is not None) + (reader.error is not None) == reader.began
