"""Sans-I/O reader of one HTTP/1.1 request, with h11.

Stricter: bounds, no control characters or other versions. Laxer: empty lines may come first (RFC 9112, section 2.2).
"""

from __future__ import annotations

import http
import re

import h11
from websockets.datastructures import Headers
from websockets.http11 import Request

MAX_HEAD_BYTES = 32 * 1024
"""Browsers send the cookies of a whole domain, sometimes over 8 KiB."""

MAX_TARGET_BYTES = 8 * 1024

MAX_HEADERS = 128

MAX_EARLY_BYTES = 64 * 1024
"""Bytes after the head kept until the body is asked for."""

_REQUEST_LINE = re.compile(rb"[!-~]+ [!-~]+ HTTP/(\d)\.\d")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_HOST = re.compile(r"[\w.~%!$&'()*+,;=:@\[\]-]*", re.ASCII)
_HEAD_END = re.compile(rb"\n\r?\n")
_TAIL_BYTES = 2
"""Length of ``_HEAD_END`` less one."""
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE)


class RequestError(Exception):
    """The message may be shown to the client."""

    def __init__(self, status: http.HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def malformed(message: str) -> RequestError:
    return RequestError(http.HTTPStatus.BAD_REQUEST, f"Malformed HTTP request: {message}.")


class RequestReader:
    """``feed`` sets ``request`` or ``error`` once decided."""

    def __init__(self) -> None:
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._head_bytes = 0
        """Without preceding empty lines."""
        self._line = bytearray()
        """Empty once complete."""
        self._line_read = False
        self._lines = 0
        self._tail = b""
        """Last bytes of the head, where its end may begin."""
        self._behind = bytearray()
        """Not yet parsed."""
        self._body = bytearray()
        self.request: Request | None = None
        self.error: RequestError | None = None
        self.ended = False
        self.overflowed = False
        """Whether data after the head was discarded."""

    @property
    def began(self) -> bool:
        return self._head_bytes > 0

    def feed(self, data: bytes) -> None:
        if self.error is not None:
            return
        if self.request is not None:
            self._keep(data)
            return
        try:
            self._read_head(data)
        except RequestError as error:
            self.error = error

    def feed_eof(self) -> None:
        self.ended = True
        if self.request is None and self.error is None and self.began:
            self.error = malformed("it ends before its headers do")

    def body(self, max_bytes: int) -> bytes | None:
        """Return None while incomplete. Raise RequestError.

        ``max_bytes`` is at most ``MAX_EARLY_BYTES``.
        """
        if self.error is not None:
            raise self.error
        if self._announced > max_bytes or self.overflowed:
            raise _too_large(max_bytes)
        if self._behind:
            self._parser.receive_data(bytes(self._behind))
            self._behind.clear()
        while True:
            try:
                event = self._parser.next_event()
            except h11.RemoteProtocolError:
                raise malformed("its body is not framed as its headers say") from None
            if isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > max_bytes:
                    raise _too_large(max_bytes)
            elif isinstance(event, h11.EndOfMessage):
                return bytes(self._body)
            elif self.ended:
                raise malformed("it ends before its body does")
            else:
                return None

    @property
    def expects_continue(self) -> bool:
        return self._parser.they_are_waiting_for_100_continue

    def take_behind(self) -> bytes:
        return bytes(self._parser.trailing_data[0] + self._behind)

    @property
    def _announced(self) -> int:
        lengths = [] if self.request is None else self.request.headers.get_all("Content-Length")
        # h11 has refused values that are not numbers or differ.
        return int(lengths[0].partition(",")[0]) if lengths else 0

    def _keep(self, data: bytes) -> None:
        self._behind += data[: MAX_EARLY_BYTES - len(self._behind)]
        self.overflowed = self.overflowed or len(self._behind) == MAX_EARLY_BYTES

    def _read_head(self, data: bytes) -> None:
        if not self.began:
            data = data.lstrip(b"\r\n")
        room = MAX_HEAD_BYTES - self._head_bytes
        head, behind = data[:room], data[room:]
        if head:
            self._head_bytes += len(head)
            if not self._line_read:
                self._read_line(head)
            self._count_lines(head)
            self._parse(head)
        if self.request is not None:
            self._keep(behind)
        elif behind:
            raise RequestError(
                http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"Your browser sent more than {MAX_HEAD_BYTES // 1024} KiB of headers. "
                "Delete the cookies of this site, and load the page again.",
            )

    def _read_line(self, data: bytes) -> None:
        line, end, _ = data.partition(b"\n")
        self._line += line
        if len(self._line) > MAX_TARGET_BYTES:
            message = f"The address is longer than {MAX_TARGET_BYTES // 1024} KiB."
            raise RequestError(http.HTTPStatus.REQUEST_URI_TOO_LONG, message)
        if end:
            self._line_read = True
            _check_line(bytes(self._line.removesuffix(b"\r")))
            self._line.clear()

    def _count_lines(self, data: bytes) -> None:
        """Refuse too many headers before the slow parsing."""
        tail, self._tail = self._tail, (self._tail + data)[-_TAIL_BYTES:]
        end = _HEAD_END.search(tail + data)
        self._lines += data.count(b"\n") if end is None else data.count(b"\n", 0, max(end.start() + 1 - len(tail), 0))
        # The request line is not a header.
        if self._lines > MAX_HEADERS + 1:
            message = f"The request has more than {MAX_HEADERS} headers."
            raise RequestError(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, message)

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.receive_data(data)
            event = self._parser.next_event()
        except h11.RemoteProtocolError as error:
            raise _refused(error) from None
        if isinstance(event, h11.Request):
            self.request = _checked(event)


def _check_line(line: bytes) -> None:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        if not line.isascii():
            raise malformed("its address has non-ASCII bytes, which must be percent-encoded")
        raise malformed("its first line is not METHOD ADDRESS HTTP/1.1")
    if match[1] != b"1":
        message = f"HTTP/{match[1].decode()} is not supported; use HTTP/1.1."
        raise RequestError(http.HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, message)


def _refused(error: h11.RemoteProtocolError) -> RequestError:
    if error.error_status_hint == http.HTTPStatus.NOT_IMPLEMENTED:
        message = "The only supported transfer coding is chunked."
        return RequestError(http.HTTPStatus.NOT_IMPLEMENTED, message)
    message = str(error)
    if "Host" in message:
        return malformed("it must have one Host header")
    if "Content-Length" in message:
        return malformed("its Content-Length is not one number")
    return malformed("a header line is not NAME: VALUE")


def _checked(event: h11.Request) -> Request:
    headers = Headers()
    for name, value in event.headers:
        if not _VALUE.fullmatch(value):
            raise malformed(f"the header {name.decode()} has a control character")
        headers[name.decode()] = value.decode("iso-8859-1")
    if "Transfer-Encoding" in headers and "Content-Length" in headers:
        # Servers could disagree about the end of the body (RFC 9112, section 6.1).
        raise malformed("it has both Content-Length and Transfer-Encoding")
    target = event.target.decode()
    if (absolute := _ABSOLUTE.fullmatch(target)) is not None:
        # The target overrides the Host header (RFC 9112, section 3.2.2).
        if "Host" in headers:
            del headers["Host"]
        headers["Host"] = absolute["host"]
        target = absolute["rest"] if absolute["rest"].startswith("/") else "/" + absolute["rest"]
    if not _HOST.fullmatch(", ".join(headers.get_all("Host"))):
        raise malformed("its Host header is not HOST or HOST:PORT")
    version = "HTTP/1.0" if event.http_version == b"1.0" else "HTTP/1.1"
    return Request(target, headers, event.method.decode(), version)


def _too_large(max_bytes: int) -> RequestError:
    message = f"The body has more than {max_bytes} bytes."
    return RequestError(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
