"""One WebSocket connection for a session driver; nothing here waits for the client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import weakref
from collections.abc import Iterable, Sequence
from typing import ClassVar, Protocol

from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN

from householdd.capacity.token_bucket import TokenBucket
from householdd.http import socket_options
from householdd.http.connection import HttpConnection
from householdd.session.messages import MAX_TEXT_BYTES
from householdd.worker import payload, tcp_info
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.frames import head
from householdd.worker.payload_filter import SLICE_BYTES, PayloadFilter

WRITE_LIMIT_BYTES = 64 * 1024
"""Bytes of one connection that may wait in user space; payload is written only below this."""

WRITE_AHEAD_S = 0.05
"""Length of the payload that may wait, in seconds of the session's peak rate, if that is less: on a line that is slower
than the session, a ping waits behind all of it."""

MIN_WRITE_LIMIT_BYTES = 8 * 1024
"""Smallest write limit, in bytes: two frames of a video call."""

MAX_BROKEN_BYTES = 16 * 1024
"""Bytes that a client may still send once it broke the protocol; its close frame has ten."""

TEXT_LIMIT_BYTES = WRITE_LIMIT_BYTES + 64 * 1024
"""Bytes below which messages and pings are written: they must get through when payload fills the buffer to its own
limit. A client that takes nothing gets only probes, so this takes long to fill."""

MAX_FRAMES_PER_S = 500
"""Sustained rate of frames of any kind. Deployed clients send some twenty, and uploads in chunks of up to 64 KiB: at
this rate those would be 262 Mbit/s."""

FRAME_BURST = 1000
"""Frames that may arrive at once, such as after a stall of the line."""

MIN_FRAME_BYTES = 6
"""Bytes of a client's frame besides its payload, at least (RFC 6455 section 5.2)."""

REQUEST_END = b"\r\n\r\n"
"""End of the request's head; frames follow."""

HELD_BACK_HIGH_BYTES, HELD_BACK_LOW_BYTES = 64 * 1024, 32 * 1024
"""High and low water of encrypted bytes in user space, of a client that is held back. Both are more than a TLS record,
which must be complete to be read."""

OVERFLOW_BYTES = 4 * WRITE_LIMIT_BYTES
"""Bytes in the write buffer beyond which a client is reset: it provokes answers and reads none of them."""


class Owner(Protocol):
    """Callbacks for the events of a connection."""

    def text(self, data: bytes) -> None:
        """A text message arrived."""

    def text_too_long(self) -> None:
        """A text message has more than ``MAX_TEXT_BYTES``; it is dropped."""

    def binary(self, size: int) -> None:
        """A binary frame of ``size`` payload bytes arrived."""

    def pong(self, data: bytes) -> None:
        """A pong frame arrived."""

    def client_closing(self) -> None:
        """A close frame arrived; the library answers it."""

    def message_too_big(self, problem: str) -> None:
        """A message is larger than the library reads; the library sends the close frame."""

    def not_websocket(self, problem: str) -> None:
        """The bytes are not WebSocket; the library sends the close frame."""

    def flooded(self) -> None:
        """More frames arrived than a client may send."""

    def cut(self) -> None:
        """The client ended the stream without a close frame."""

    def unread(self) -> None:
        """The write buffer is beyond ``OVERFLOW_BYTES``: the client provokes answers and reads none."""

    def writable(self) -> None:
        """The write buffer has drained."""

    def on_closed(self, *, clean: bool) -> None:
        """The connection is gone; ``clean`` says whether the client sent a close frame."""


class Connection(HttpConnection):
    """A server connection that passes frames to its owner as they arrive, and writes without waiting.

    Incoming frames never enter the library's queue, so no client can make the server stop reading, and pongs are seen
    at once. Payload in whole frames is counted, and the library never sees it. Whole messages and pings are written
    past the protocol object, which must be OPEN; whatever changes its state goes through it.
    """

    objects: ClassVar[weakref.WeakSet[Connection]] = weakref.WeakSet()
    """Every connection in memory; one that outlives its transport is a leak."""

    # The library's attributes fill a dictionary whose keys all connections share; with a few more each gets its own.
    __slots__ = (
        "_budget",
        "_filter",
        "_input_left",
        "_text",
        "_waited",
        "_write_limit",
        "accepted",
        "owner",
        "room",
    )

    accepted: AcceptedSocket
    """The accepted socket and its client; set by the caller that creates the connection."""

    owner: Owner | None
    """Receiver of events; only set from the end of the opening handshake to the end of the connection."""

    _waited: bool | None
    """Whether exactly one request in one piece arrived before the answer, so that a frame's head is next; None before
    anything arrived."""

    _filter: PayloadFilter | None
    """Payload filter; only set once the beginning of the first frame is known."""

    _text: bytearray | None
    """Beginning of a fragmented text message; None between two."""

    _write_limit: int
    """Bytes of payload that may wait in user space."""

    _budget: TokenBucket
    """Budget of incoming frames."""

    _input_left: int | None
    """Bytes that may still arrive; None while the client is trusted."""

    room: int | None
    """Bytes to read before reading pauses; None while the client is not held back."""

    @property
    def socket(self) -> socket.socket:
        """Socket of the connection; only for options and questions to the kernel."""
        # Not the transport's view of it: uvloop creates that at each access, which takes longer than the question.
        return self.accepted.sock

    @property
    def open(self) -> bool:
        """Whether messages can be sent."""
        return self.protocol.state is OPEN and not self.transport.is_closing()

    @property
    def buffered(self) -> int:
        """Bytes waiting in user space."""
        return self.transport.get_write_buffer_size()

    def send_payload(self, count: int) -> int:
        """Write up to ``count`` payload bytes, as many as the write limit has room for; return how many.

        If not all fit, whole frames are written, as long as one fits. The frames are serialised beforehand and go past
        the protocol object, whose state does not depend on a server's whole binary messages.
        """
        if not self.open:
            return 0
        room = self._write_limit - self.transport.get_write_buffer_size()
        if room < count:
            count = room if room < payload.FRAME_BYTES else room - room % payload.FRAME_BYTES
        if count <= 0:
            return 0
        # Over TLS uvloop holds up to 64 KiB more than it reports. A slow session would wait for seconds behind that, so
        # it asks the kernel, which then takes nothing; a fast session would be slowed by asking.
        if self._write_limit < WRITE_LIMIT_BYTES and tcp_info.unsent(self.socket.fileno()) >= self._write_limit:
            return 0
        for part in payload.frames(count):
            self.transport.write(part)
        return count

    def pace_for(self, peak_bps: float) -> None:
        """Size the buffers, here and in the kernel, for a session with this peak rate."""
        self._write_limit = min(WRITE_LIMIT_BYTES, max(MIN_WRITE_LIMIT_BYTES, int(peak_bps / 8 * WRITE_AHEAD_S)))
        self.transport.set_write_buffer_limits(self._write_limit // 2, self._write_limit // 4)
        socket_options.keep_unsent_below(self.socket, min(socket_options.MAX_UNSENT_BYTES, self._write_limit))

    def read_at_most(self, count: int) -> None:
        """Hold the client back: read the next ``count`` bytes, and no more until the next call."""
        if not self.open:
            return
        if self.room is None and hasattr(self.transport, "set_read_buffer_limits"):
            # Over TLS, bytes that are read too early wait in user space.
            self.transport.set_read_buffer_limits(HELD_BACK_HIGH_BYTES, HELD_BACK_LOW_BYTES)
        self.room = count
        self.transport.resume_reading()

    def read_freely(self) -> None:
        """Hold the client back no longer."""
        if self.room is not None and self.open:
            self.room = None
            self.transport.resume_reading()

    def distrust(self) -> None:
        """Accept little more from the client than its answer to a close frame."""
        if self._input_left is None:
            self._input_left = MAX_BROKEN_BYTES

    def send_texts(self, messages: Sequence[bytes], ping: bytes | None = None) -> bool:
        """Send a ping frame, if any, and text messages in one write; return False if nothing was sent.

        Nothing is sent unless the connection is open and its buffer below the text limit. One write is one TLS record
        and one system call, which cost more than the rest of a message. The frames go past the protocol object like
        payload: its state does not depend on them either.
        """
        if not self.open or self.buffered > TEXT_LIMIT_BYTES:
            return False
        parts = [] if ping is None else [head(Opcode.PING, len(ping)), ping]
        for data in messages:
            parts += head(Opcode.TEXT, len(data)), data
        if parts:
            self.transport.write(b"".join(parts))
        return bool(parts)

    def send_close(self, code: int, text: str) -> None:
        """Begin the closing handshake. The caller sets a deadline, and aborts when it passes."""
        if not self.open:
            # The client is closing too, or the transport is.
            return
        socket_options.deliver_on_close(self.socket)
        self.protocol.send_close(code, text)
        self.send_data()

    def abort(self) -> None:
        """End the connection now, and drop unsent bytes, in the kernel too."""
        # A closing transport may have closed the socket already.
        with contextlib.suppress(OSError):
            socket_options.reset_on_close(self.socket)
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.owner = self._waited = self._filter = self._text = self._input_left = None
        self.room = None
        self._write_limit = WRITE_LIMIT_BYTES
        super().connection_made(transport)
        socket_options.prepare(self.socket)
        self.objects.add(self)
        self._budget = TokenBucket(MAX_FRAMES_PER_S, FRAME_BURST, self.loop.time())

    def connection_lost(self, exc: Exception | None) -> None:
        clean = self.protocol.close_rcvd is not None
        super().connection_lost(exc)
        # Connection and owner refer to each other, and an error of the parser to its frames. Without these references
        # all are freed at once, and not by the next garbage collection.
        owner, self.owner = self.owner, None
        for problem in (self.protocol.handshake_exc, self.protocol.parser_exc):
            _forget_frames(problem)
        if owner is not None:
            owner.on_closed(clean=clean)

    def data_received(self, data: bytes | memoryview) -> None:
        """Take bytes. The library answers pings itself, regardless of the write buffer."""
        if self._over():
            # The library would drop it.
            self._may_receive(len(data))
            return
        if self._filter is None and not self._begin(data):
            return
        pieces: Iterable[bytes | memoryview | int]
        pieces = (data,) if self._filter is None else self._filter.split(memoryview(data))
        for piece in pieces:
            if isinstance(piece, int):
                if not self._may_receive(MIN_FRAME_BYTES + piece):
                    return
                if (owner := self._spend()) is not None:
                    owner.binary(piece)
                continue
            # In slices, so that no single read holds the event loop longer than a slice takes.
            for start in range(0, len(piece), SLICE_BYTES):
                part = bytes(piece[start : start + SLICE_BYTES])
                if not self._may_receive(len(part)):
                    return
                self._receive(part)
                if self._over():
                    return

    def _begin(self, data: bytes | memoryview) -> bool:
        """Find the beginning of the frames; return False if ``data`` was HTTP and is handled."""
        if self._reader is not None:
            super().data_received(bytes(data))
            return False
        if self.owner is None:
            # If a client sends more before the answer, filter and library could disagree on where frames begin.
            _, end, behind = bytes(data).partition(REQUEST_END)
            self._waited = self._waited is None and end != b"" and behind == b""
        elif self._waited:
            self._filter = PayloadFilter()
        return True

    def _over(self) -> bool:
        """Return whether further bytes are ignored: the client broke the protocol, or sent its close frame."""
        return self.protocol.parser_exc is not None or self.protocol.close_rcvd is not None

    def _may_receive(self, count: int) -> bool:
        """Return whether ``count`` more bytes may arrive; abort the connection if not."""
        if self._input_left is None:
            return True
        self._input_left -= count
        if self._input_left < 0:
            self.abort()
        return self._input_left >= 0

    def _spend(self) -> Owner | None:
        """Charge a frame to the budget; return the owner, or None once flooding was reported."""
        if self.owner is None or self._budget.take(self.loop.time()):
            return self.owner
        self.owner.flooded()
        return None

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as in the class above
        stays = super().eof_received()
        if self.owner is not None and self.protocol.close_rcvd is None:
            self.owner.cut()
        return stays

    def _receive(self, data: bytes) -> None:
        super().data_received(data)
        if self.owner is None:
            return
        error = self.protocol.parser_exc
        if isinstance(error, PayloadTooBig) and self._input_left is None:
            self.owner.message_too_big(str(error))
        elif error is not None and not isinstance(error, EOFError) and self._input_left is None:
            self.owner.not_websocket(str(error))
        if self.buffered > OVERFLOW_BYTES:
            self.owner.unread()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.owner is not None:
            self.owner.writable()

    def process_event(self, event: Request | Response | Frame) -> None:
        """Pass a frame to the owner; leave a request to the library."""
        if not isinstance(event, Frame):
            super().process_event(event)
            return
        owner = self._spend()
        if owner is None:
            return
        match event.opcode:
            case Opcode.TEXT:
                self._text = bytearray()
                self._collect(event)
            case Opcode.CONT if self._text is not None:
                self._collect(event)
            case Opcode.BINARY | Opcode.CONT:
                owner.binary(len(event.data))
            case Opcode.PONG:
                owner.pong(bytes(event.data))
            case Opcode.CLOSE:
                socket_options.deliver_on_close(self.socket)
                owner.client_closing()
            case _:
                # A ping, which the protocol has answered; it is no evidence.
                pass

    def _collect(self, event: Frame) -> None:
        if self._text is None or self.owner is None:
            return
        # The rest of a long message is dropped, so that it can neither grow nor pass for payload.
        if len(self._text) <= MAX_TEXT_BYTES:
            self._text += event.data
            if len(self._text) > MAX_TEXT_BYTES:
                self.owner.text_too_long()
        if event.fin:
            text, self._text = bytes(self._text), None
            if len(text) <= MAX_TEXT_BYTES:
                self.owner.text(text)


def _forget_frames(problem: BaseException | None) -> None:
    while problem is not None:
        problem.__traceback__ = None
        problem = problem.__cause__ or problem.__context__
