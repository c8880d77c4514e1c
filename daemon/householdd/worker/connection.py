"""One WebSocket connection as the session driver needs it: nothing here ever waits for the client."""

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
"""Greatest number of bytes of one connection that may wait in user space. Payload is written up to here at most."""

WRITE_AHEAD_S = 0.05
"""Seconds of a session's peak rate that may wait, where that is less: on a line that brings less than the session wants
a ping waits behind all of it."""

MIN_WRITE_LIMIT_BYTES = 8 * 1024
"""Bytes; two frames of a video call."""

MAX_BROKEN_BYTES = 16 * 1024
"""Bytes that a client may still send after it was told that it broke the protocol; its close frame has ten."""

TEXT_LIMIT = WRITE_LIMIT_BYTES + 64 * 1024
"""The same for messages and pings, which must get through where payload fills the buffer to its limit. A client that
takes nothing is sent no more than its probes, so it would take long to fill."""

MAX_FRAMES_PER_S = 500
"""Frames of any kind that a client may send for long. Deployed clients send some twenty, and uploads in chunks of up to
64 KiB: at this rate those would be 262 Mbit/s."""

FRAME_BURST = 1000
"""Frames that may come at once, such as after a stall of the line."""

MIN_FRAME_BYTES = 6
"""Bytes of a frame of a client besides its payload, RFC 6455 section 5.2."""

REQUEST_END = b"\r\n\r\n"
"""Behind it frames begin."""

HELD_BACK_HIGH, HELD_BACK_LOW = 64 * 1024, 32 * 1024
"""Bytes of a client that is held back which may wait in user space to be decrypted: above the first the kernel is not
read any more, up to the second it is. Both are more than a record of TLS, which must be whole before it can be read."""

OVERFLOW_BYTES = 4 * WRITE_LIMIT_BYTES
"""Bytes at which a connection is given up: a client that provokes answers and reads none of them."""


class Owner(Protocol):
    """Whom a link tells what comes in."""

    def text(self, data: bytes) -> None:
        """A whole text message."""

    def text_too_long(self) -> None:
        """A text message has more than MAX_TEXT bytes; it is dropped."""

    def binary(self, size: int) -> None:
        """A binary frame, or a part of one message, of ``size`` payload bytes."""

    def pong(self, data: bytes) -> None:
        """A pong frame."""

    def client_closing(self) -> None:
        """A close frame came in; the library answers it."""

    def message_too_big(self, problem: str) -> None:
        """A message is larger than the library reads; the library sends the close frame."""

    def not_websocket(self, problem: str) -> None:
        """What came in is not the WebSocket protocol; the library sends the close frame."""

    def flooded(self) -> None:
        """More frames came in than a client may send."""

    def cut(self) -> None:
        """The client ended the stream without a close frame."""

    def unread(self) -> None:
        """The client provokes answers and reads none: the write buffer is past OVERFLOW."""

    def writable(self) -> None:
        """The write buffer has drained."""

    def on_closed(self, *, clean: bool) -> None:
        """The connection is gone; ``clean`` when the client sent a close frame."""


class Connection(HttpConnection):
    """A server connection that hands frames to its owner as they arrive and writes without waiting.

    Incoming frames never enter the library's queue, so no client can make the server stop reading, and pongs are seen
    at once; payload that comes in whole frames is counted, and the library never sees it. Whole messages and pings are
    written past the protocol object, which must be OPEN; all that changes its state goes through it.
    """

    objects: ClassVar[weakref.WeakSet[Connection]] = weakref.WeakSet()
    """Every link in memory; one that outlives its connection is a leak."""

    # The library's attributes fill a dictionary whose keys all links share; a few more, and each has one of its own.
    __slots__ = (
        "_budget",
        "_input_left",
        "_skimmer",
        "_text",
        "_waited",
        "_write_limit",
        "accepted",
        "owner",
        "room",
    )

    accepted: AcceptedSocket
    """Where the connection comes from; set by whoever makes the link."""

    owner: Owner | None
    """Set from the end of the opening handshake to the end of the connection."""

    _waited: bool | None
    """Whether all that came in before the answer was one request in one piece, so that a frame's head is next; None
    before anything came in."""

    _skimmer: PayloadFilter | None
    """Set from the first frame on, where it is known where that begins."""

    _text: bytearray | None
    """The text message under way; set only while a fragmented one is."""

    _write_limit: int
    """Bytes that may wait in user space."""

    _budget: TokenBucket
    """Frames that may still come in."""

    _input_left: int | None
    """Bytes that may still come in; None while there is no such limit."""

    room: int | None
    """Bytes that are read before reading pauses; None while the client is not held back."""

    @property
    def socket(self) -> socket.socket:
        """The connection's socket; for options and questions only."""
        # Not the transport's view of it: over uvloop that is made anew for each look, which takes longer than the look.
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
        """Writes up to ``count`` payload bytes, as many as the write limit leaves room for; how many it took.

        Where not all fit in they are whole frames, as far as there is room for one. The frames were serialised
        beforehand and go past the protocol object, which keeps no state for a whole binary message of a server beyond
        being OPEN.
        """
        if not self.open:
            return 0
        room = self._write_limit - self.transport.get_write_buffer_size()
        if room < count:
            count = room if room < payload.FRAME_BYTES else room - room % payload.FRAME_BYTES
        if count <= 0:
            return 0
        # Over TLS uvloop keeps up to 64 KiB more below what it tells of. A slow session would wait for seconds behind
        # that, so it looks at the kernel, which takes nothing then; a fast one would be slowed by looking.
        if self._write_limit < WRITE_LIMIT_BYTES and tcp_info.unsent(self.socket.fileno()) >= self._write_limit:
            return 0
        for part in payload.frames(count):
            self.transport.write(part)
        return count

    def pace_for(self, peak_bps: float) -> None:
        """Sizes the buffers, here and in the kernel, for a session with this peak rate."""
        self._write_limit = min(WRITE_LIMIT_BYTES, max(MIN_WRITE_LIMIT_BYTES, int(peak_bps / 8 * WRITE_AHEAD_S)))
        self.transport.set_write_buffer_limits(self._write_limit // 2, self._write_limit // 4)
        socket_options.keep_unsent_below(self.socket, min(socket_options.MAX_UNSENT_BYTES, self._write_limit))

    def read_at_most(self, count: int) -> None:
        """Hold the client back: read the next ``count`` bytes, and nothing more until this is called again."""
        if not self.open:
            return
        if self.room is None and hasattr(self.transport, "set_read_buffer_limits"):
            # Over TLS what is read too early waits in user space.
            self.transport.set_read_buffer_limits(HELD_BACK_HIGH, HELD_BACK_LOW)
        self.room = count
        self.transport.resume_reading()

    def read_freely(self) -> None:
        """Read what comes in."""
        if self.room is not None and self.open:
            self.room = None
            self.transport.resume_reading()

    def distrust(self) -> None:
        """From now on little more than an answer to a close frame may come in."""
        if self._input_left is None:
            self._input_left = MAX_BROKEN_BYTES

    def send_texts(self, messages: Sequence[bytes], ping: bytes | None = None) -> bool:
        """Sends text messages, after a ping frame where there is one, in one write; False where nothing was sent.

        That is so when the connection is not open or its buffer is past the text limit. One write is one TLS record and
        one system call, which cost more than all else of a message. The frames go past the protocol object as those of
        payload do, which keeps no state for whole text messages and pings either.
        """
        if not self.open or self.buffered > TEXT_LIMIT:
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
            # The client is closing too, or the connection is already going.
            return
        socket_options.deliver_on_close(self.socket)
        self.protocol.send_close(code, text)
        self.send_data()

    def abort(self) -> None:
        """Ends the connection now; what is unsent is dropped, in the kernel too."""
        # A transport that is closing already may have closed it.
        with contextlib.suppress(OSError):
            socket_options.reset_on_close(self.socket)
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is there, after TLS where it is used."""
        self.owner = self._waited = self._skimmer = self._text = self._input_left = None
        self.room = None
        self._write_limit = WRITE_LIMIT_BYTES
        super().connection_made(transport)
        socket_options.prepare(self.socket)
        self.objects.add(self)
        self._budget = TokenBucket(MAX_FRAMES_PER_S, FRAME_BURST, self.loop.time())

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        clean = self.protocol.close_rcvd is not None
        super().connection_lost(exc)
        # Link and owner know each other, and what a peer did wrong knows the frames of the parser that found it; cut
        # here, all are gone at once and not when the collector comes by.
        owner, self.owner = self.owner, None
        for problem in (self.protocol.handshake_exc, self.protocol.parser_exc):
            _forget_frames(problem)
        if owner is not None:
            owner.on_closed(clean=clean)

    def data_received(self, data: bytes | memoryview) -> None:
        """Bytes came in. The library answers pings by itself, without looking at the write buffer."""
        if self._over():
            # The library would drop it.
            self._may_receive(len(data))
            return
        if self._skimmer is None and not self._begin(data):
            return
        pieces: Iterable[bytes | memoryview | int]
        pieces = (data,) if self._skimmer is None else self._skimmer.skim(memoryview(data))
        for piece in pieces:
            if isinstance(piece, int):
                if not self._may_receive(MIN_FRAME_BYTES + piece):
                    return
                if (owner := self._spend()) is not None:
                    owner.binary(piece)
                continue
            # In slices: what a client packs into one read can hold the event loop no longer than a slice takes.
            for start in range(0, len(piece), SLICE_BYTES):
                part = bytes(piece[start : start + SLICE_BYTES])
                if not self._may_receive(len(part)):
                    return
                self._receive(part)
                if self._over():
                    return

    def _begin(self, data: bytes | memoryview) -> bool:
        """Sees from ``data``, the next that came in, where frames begin; False where it is HTTP, and is dealt with."""
        if self._reader is not None:
            super().data_received(bytes(data))
            return False
        if self.owner is None:
            # If a client said more before it was answered, skimmer and library could disagree about where that is.
            _, end, behind = bytes(data).partition(REQUEST_END)
            self._waited = self._waited is None and end != b"" and behind == b""
        elif self._waited:
            self._skimmer = PayloadFilter()
        return True

    def _over(self) -> bool:
        """Whether nothing counts any more that comes in: the client broke the protocol, or sent its close frame."""
        return self.protocol.parser_exc is not None or self.protocol.close_rcvd is not None

    def _may_receive(self, count: int) -> bool:
        """Whether ``count`` more bytes may come in; the connection is given up where not."""
        if self._input_left is None:
            return True
        self._input_left -= count
        if self._input_left < 0:
            self.abort()
        return self._input_left >= 0

    def _spend(self) -> Owner | None:
        """Who is to hear of one more frame; nobody where that is more than may come in, of which the owner is told."""
        if self.owner is None or self._budget.take(self.loop.time()):
            return self.owner
        self.owner.flooded()
        return None

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as in the class above
        """The client ended its side of the stream."""
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
        """The write buffer fell below its low-water mark."""
        super().resume_writing()
        if self.owner is not None:
            self.owner.writable()

    def process_event(self, event: Request | Response | Frame) -> None:
        """Hands a frame to the owner; requests go the library's way."""
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
                # A ping: the protocol has answered it. It proves no more than its sender's wish to be answered.
                pass

    def _collect(self, event: Frame) -> None:
        if self._text is None or self.owner is None:
            return
        # Once it is too long the rest is dropped, so that it can neither grow nor pass for payload.
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
