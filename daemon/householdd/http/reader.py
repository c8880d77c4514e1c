"""Reads one HTTP/1.1 request out of bytes, within bounds and without I/O.

The parser is h11's. What is stricter here: bounds for each part, control characters, and versions. What is more
tolerant: empty lines before the request (RFC 9112 section 2.2).
"""

from __future__ import annotations

import http
import re

import h11
from websockets.datastructures import Headers
from websockets.http11 import Request

MAX_HEAD_BYTES = 32 * 1024
"""Request line and headers. Browsers send the cookies of a whole domain, which are more than 8 KiB on some."""

MAX_TARGET_BYTES = 8 * 1024

MAX_HEADERS = 128

MAX_EARLY_BYTES = 64 * 1024
"""Bytes behind the head that are kept until a row asks for the body."""

_REQUEST_LINE = re.compile(rb"[!-~]+ [!-~]+ HTTP/(\d)\.\d")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_HOST = re.compile(r"[\w.~%!$&'()*+,;=:@\[\]-]*", re.ASCII)
_HEAD_END = re.compile(rb"\n\r?\n")
_TAIL_BYTES = 2
"""All of such an end but its last byte."""
_ABSOLUTE = re.compile(r"https?://(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE)


class RequestError(Exception):
    """A request that cannot be served; the message may be shown to the client."""

    def __init__(self, status: http.HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


def malformed(words: str) -> RequestError:
    """Return a 400."""
    return RequestError(http.HTTPStatus.BAD_REQUEST, f"Not a well-formed HTTP request: {words}.")


class RequestReader:
    """One request. Bytes go in by ``feed``; ``request`` or ``error`` is set once they decide."""

    def __init__(self) -> None:
        self._parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._head_bytes = 0
        """Bytes of the head so far, without empty lines before it."""
        self._line = bytearray()
        """The request line, while it is incomplete."""
        self._line_read = False
        self._lines = 0
        """Lines of the head so far."""
        self._tail = b""
        """The last bytes of the head so far, among which its end can begin."""
        self._behind = bytearray()
        """What came behind the head and is not parsed yet."""
        self._body = bytearray()
        self.request: Request | None = None
        """Set once the head is complete."""
        self.error: RequestError | None = None
        """Set once no request can come of what was read."""
        self.ended = False
        """Whether the client has ended its side of the connection."""
        self.overflowed = False
        """Whether so much came behind the head that not all of it was kept."""

    @property
    def began(self) -> bool:
        """Whether a request has begun."""
        return self._head_bytes > 0

    def feed(self, data: bytes) -> None:
        """Take in bytes of the client."""
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
        """Note that nothing more comes."""
        self.ended = True
        if self.request is None and self.error is None and self.began:
            self.error = malformed("it ends before its headers do")

    def body(self, most: int) -> bytes | None:
        """Return the body, or None while more of it must come.

        Raises RequestError where it has more than ``most`` bytes, or is not framed as the headers say. ``most`` is at
        most MAX_EARLY_BYTES.
        """
        if self.error is not None:
            raise self.error
        if self._announced > most or self.overflowed:
            raise _too_large(most)
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
                if len(self._body) > most:
                    raise _too_large(most)
            elif isinstance(event, h11.EndOfMessage):
                return bytes(self._body)
            elif self.ended:
                raise malformed("it ends before its body does")
            else:
                return None

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for 100 (Continue) before it sends the body."""
        return self._parser.they_are_waiting_for_100_continue

    def take_behind(self) -> bytes:
        """Return what came behind the head of an upgrade."""
        return bytes(self._parser.trailing_data[0] + self._behind)

    @property
    def _announced(self) -> int:
        lengths = [] if self.request is None else self.request.headers.get_all("Content-Length")
        # h11 has refused what is no number, and numbers that differ.
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
            words = f"The address is longer than {MAX_TARGET_BYTES // 1024} KiB."
            raise RequestError(http.HTTPStatus.REQUEST_URI_TOO_LONG, words)
        if end:
            self._line_read = True
            _check_line(bytes(self._line.removesuffix(b"\r")))
            self._line.clear()

    def _count_lines(self, data: bytes) -> None:
        """Refuse many headers before they are parsed, which takes long."""
        tail, self._tail = self._tail, (self._tail + data)[-_TAIL_BYTES:]
        end = _HEAD_END.search(tail + data)
        self._lines += data.count(b"\n") if end is None else data.count(b"\n", 0, max(end.start() + 1 - len(tail), 0))
        # The first line is no header.
        if self._lines > MAX_HEADERS + 1:
            words = f"The request has more than {MAX_HEADERS} headers."
            raise RequestError(http.HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, words)

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
            raise malformed("its address has bytes beyond ASCII, which are written as %XX")
        raise malformed("its first line is not METHOD ADDRESS HTTP/1.1")
    if match[1] != b"1":
        words = f"HTTP/{match[1].decode()} is not spoken here; HTTP/1.1 is."
        raise RequestError(http.HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, words)


def _refused(error: h11.RemoteProtocolError) -> RequestError:
    if error.error_status_hint == http.HTTPStatus.NOT_IMPLEMENTED:
        words = "Of transfer codings only chunked is known here."
        return RequestError(http.HTTPStatus.NOT_IMPLEMENTED, words)
    words = str(error)
    if "Host" in words:
        return malformed("it must have one Host header")
    if "Content-Length" in words:
        return malformed("its Content-Length is not one number")
    return malformed("a header line is not NAME: VALUE")


def _checked(event: h11.Request) -> Request:
    headers = Headers()
    for name, value in event.headers:
        if not _VALUE.fullmatch(value):
            raise malformed(f"the header {name.decode()} has a control character")
        headers[name.decode()] = value.decode("iso-8859-1")
    if "Transfer-Encoding" in headers and "Content-Length" in headers:
        # Two servers could disagree about where it ends (RFC 9112 section 6.1).
        raise malformed("it has both Content-Length and Transfer-Encoding")
    target = event.target.decode()
    if (absolute := _ABSOLUTE.fullmatch(target)) is not None:
        # The address counts, whatever the header says (RFC 9112 section 3.2.2).
        if "Host" in headers:
            del headers["Host"]
        headers["Host"] = absolute["host"]
        target = absolute["rest"] if absolute["rest"].startswith("/") else "/" + absolute["rest"]
    if not _HOST.fullmatch(", ".join(headers.get_all("Host"))):
        raise malformed("its Host header is not HOST or HOST:PORT")
    version = "HTTP/1.0" if event.http_version == b"1.0" else "HTTP/1.1"
    return Request(target, headers, event.method.decode(), version)


def _too_large(most: int) -> RequestError:
    words = f"The body has more than the {most} bytes that are taken here."
    return RequestError(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)
