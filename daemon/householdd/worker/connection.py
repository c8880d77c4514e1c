"""One WebSocket connection for a session driver; nothing here waits for the client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import weakref
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import ClassVar, Protocol, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SEND_EOF
from websockets.server import ServerProtocol

from householdd.capacity.token_bucket import TokenBucket
from householdd.http import socket_options
from householdd.http.closed_transport import CLOSED
from householdd.http.read_buffer import BUFFER
from householdd.session.messages import MAX_TEXT_BYTES
from householdd.worker import payload, tcp_info
from householdd.worker.accepted_socket import AcceptedSocket
from householdd.worker.frames import head
from householdd.worker.payload_filter import MAX_MESSAGE_BYTES, SLICE_BYTES, PayloadFilter

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

MAX_TURN_FRAMES = 64
"""Frames of one client in a turn of the event loop, and those of a further slice; others take their turns between."""

FRAME_WORK_S = 40e-6
"""Work of a frame out of reach of a clock, in seconds: reading and decrypting a TLS record, measured on a core of 2026.
Frames that share a record cost less, and count the same: clients that send what the protocol asks for pack none."""

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


_HELD_BACK, _TURN, _OVER_SHARE = 1, 2, 4
"""Reasons for not reading, one bit each."""


class Connection(asyncio.BufferedProtocol):
    """A server's WebSocket that passes frames to its owner as they arrive, and writes without waiting.

    The protocol object parses and judges frames, answers pings and close frames, and keeps the state. Payload in whole
    frames is counted, and it never sees it. Whole messages and pings are written past it, while it is OPEN: its state
    does not depend on them.
    """

    objects: ClassVar[weakref.WeakSet[Connection]] = weakref.WeakSet()
    """Every connection in memory; one that outlives its transport is a leak."""

    __slots__ = (
        "__weakref__",
        "_answers",
        "_budget",
        "_clean",
        "_filter",
        "_input_left",
        "_kept",
        "_loop",
        "_most_unsent",
        "_not_reading",
        "_over",
        "_protocol",
        "_text",
        "_turn_frames",
        "_write_limit",
        "accepted",
        "charge",
        "owner",
        "paused",
        "room",
        "transport",
    )

    transport: asyncio.Transport
    """Set by :meth:`connection_made`; ``CLOSED`` from the end of the connection on."""

    def __init__(self, accepted: AcceptedSocket, loop: asyncio.AbstractEventLoop) -> None:
        self.accepted = accepted
        """The accepted socket and its client."""
        self.owner: Owner | None = None
        """Receiver of events; set before anything arrives, until the end of the connection."""
        self.charge: Callable[[float], None] | None = None
        """Gets the seconds of work of each turn on incoming data; may be set at any time."""
        self.paused = False
        """Whether the write buffer is above its high-water mark."""
        self.room: int | None = None
        """Bytes to read before reading pauses; None while the client is not held back."""
        self._loop = loop
        self._protocol = ServerProtocol(state=OPEN, max_size=MAX_MESSAGE_BYTES)
        self._filter = PayloadFilter()
        self._budget = TokenBucket(MAX_FRAMES_PER_S, FRAME_BURST, loop.time())
        self._turn_frames = 0
        """Frames since the turn began."""
        self._kept: bytes | None = None
        """What a turn left of a read; nothing is read before it is taken."""
        self._not_reading = 0
        """Bits of the reasons for which reading is paused."""
        self._answers: list[bytes] | None = None
        """What is written at the end of the turn; None outside of one."""
        self._text: bytearray | None = None
        """Beginning of a fragmented text message; None between two."""
        self._over = False
        """Whether further bytes are ignored: the client broke the protocol, or sent its close frame."""
        self._clean = False
        """Whether the client sent a close frame."""
        self._input_left: int | None = None
        """Bytes that may still arrive; None while the client is trusted."""
        self._write_limit = WRITE_LIMIT_BYTES
        """Bytes of payload that may wait in user space."""
        self._most_unsent = 0
        """Bytes of payload that the kernel can have unsent at most."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Event loop of the connection."""
        return self._loop

    @property
    def socket(self) -> socket.socket:
        """Socket of the connection; only for options and questions to the kernel."""
        # Not the transport's view of it: uvloop creates that at each access, which takes longer than the question.
        return self.accepted.sock

    @property
    def open(self) -> bool:
        """Whether messages can be sent."""
        return self._protocol.state is OPEN and not self.transport.is_closing()

    @property
    def buffered(self) -> int:
        """Bytes waiting in user space."""
        waiting = self.transport.get_write_buffer_size()
        return waiting if self._answers is None else waiting + sum(map(len, self._answers))

    def send_payload(self, count: int, ping: bytes | None = None) -> int:
        """Write up to ``count`` payload bytes, as many as the write limit has room for; return how many.

        If not all fit, whole frames are written, as long as one fits. The frames are serialised beforehand. A ping is
        written within the payload, if any is.
        """
        if not self.open:
            return 0
        room = self._write_limit - self.transport.get_write_buffer_size()
        if room < count:
            count = room if room < payload.FRAME_BYTES else room - room % payload.FRAME_BYTES
        if count <= 0:
            return 0
        # Over TLS uvloop holds up to 64 KiB more than it reports. A slow session would wait for seconds behind that, so
        # it asks the kernel, which then takes nothing; a fast session would be slowed by asking. What the kernel said
        # and all that was written since is the most that can be unsent, so it is asked where that reaches the limit.
        if self._write_limit < WRITE_LIMIT_BYTES:
            if self._most_unsent >= self._write_limit:
                self._most_unsent = tcp_info.unsent(self.socket.fileno())
                if self._most_unsent >= self._write_limit:
                    return 0
            self._most_unsent += count
        for part in payload.frames(count) if ping is None else payload.frames_with_ping(count, ping):
            self.transport.write(part)
        return count

    def pace_for(self, peak_bps: float, pacing_bps: float) -> None:
        """Size the buffers, here and in the kernel, for a session with this peak rate, and pace its packets."""
        self._write_limit = min(WRITE_LIMIT_BYTES, max(MIN_WRITE_LIMIT_BYTES, int(peak_bps / 8 * WRITE_AHEAD_S)))
        self.transport.set_write_buffer_limits(self._write_limit // 2, self._write_limit // 4)
        socket_options.keep_unsent_below(self.socket, min(socket_options.MAX_UNSENT_BYTES, self._write_limit))
        socket_options.pace(self.socket, pacing_bps)

    def send_texts(self, messages: Sequence[bytes], ping: bytes | None = None) -> bool:
        """Send a ping frame, if any, and text messages in one write; return False if nothing was sent.

        Nothing is sent unless the connection is open and its buffer below the text limit. One write is one TLS record
        and one system call, which cost more than the rest of a message. What is sent while incoming data is taken goes
        out in one write behind it.
        """
        if not self.open or self.buffered > TEXT_LIMIT_BYTES:
            return False
        parts = [] if ping is None else [head(Opcode.PING, len(ping)), ping]
        for data in messages:
            parts += head(Opcode.TEXT, len(data)), data
        if not parts:
            return False
        if self._answers is None:
            self.transport.write(b"".join(parts))
        else:
            self._answers += parts
        return True

    def send_close(self, code: int, text: str) -> None:
        """Begin the closing handshake. The caller sets a deadline, and aborts when it passes."""
        if not self.open:
            # The client is closing too, or the transport is.
            return
        socket_options.deliver_on_close(self.socket)
        self._protocol.send_close(code, text)
        self._answer(self._protocol.data_to_send())

    def abort(self) -> None:
        """End the connection now, and drop unsent bytes, in the kernel too."""
        # A closing transport may have closed the socket already.
        with contextlib.suppress(OSError):
            socket_options.reset_on_close(self.socket)
        self.transport.abort()

    def read_at_most(self, count: int) -> None:
        """Hold the client back: read the next ``count`` bytes, and no more until the next call."""
        if not self.open:
            return
        if self.room is None and hasattr(self.transport, "set_read_buffer_limits"):
            # Over TLS, bytes that are read too early wait in user space.
            self.transport.set_read_buffer_limits(HELD_BACK_HIGH_BYTES, HELD_BACK_LOW_BYTES)
        self.room = count
        self._read_again(_HELD_BACK)

    def read_freely(self) -> None:
        """Hold the client back no longer."""
        self.room = None
        self._read_again(_HELD_BACK)

    def ignore(self) -> None:
        """Read nothing until :meth:`heed`, so that TCP slows the client down: it has used up its share of work."""
        self._read_no_more(_OVER_SHARE)

    def heed(self) -> None:
        """Read again after :meth:`ignore`."""
        self._read_again(_OVER_SHARE)
        if self._kept is not None:
            self._loop.call_soon(self._take_rest)

    @property
    def ignored(self) -> bool:
        """Whether nothing is read because of :meth:`ignore`."""
        return bool(self._not_reading & _OVER_SHARE)

    def distrust(self) -> None:
        """Accept little more from the client than its answer to a close frame."""
        if self._input_left is None:
            self._input_left = MAX_BROKEN_BYTES

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(WRITE_LIMIT_BYTES // 2, WRITE_LIMIT_BYTES // 4)
        self.objects.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        # Owner and transport refer to the connection. Without these references all are freed at once, and not by the
        # next garbage collection.
        self.transport = CLOSED
        owner, self.owner, self.charge, self._kept = self.owner, None, None, None
        if owner is not None:
            owner.on_closed(clean=self._clean)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self.owner is not None:
            self.owner.writable()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's signature
        """Return the shared buffer; ``buffer_updated`` follows before the event loop does anything else."""
        return BUFFER if self.room is None else BUFFER[: max(self.room, 1)]

    def buffer_updated(self, nbytes: int) -> None:
        if self.room is not None:
            self.room -= nbytes
            if self.room <= 0:
                self._read_no_more(_HELD_BACK)
        self.receive(BUFFER[:nbytes])

    def eof_received(self) -> None:
        """Tell the owner of an end without a close frame. The transport closes the server's side too."""
        if self._clean:
            return
        self._protocol.receive_eof()
        self._answer(self._protocol.data_to_send())
        if self.owner is not None:
            self.owner.cut()

    def receive(self, data: bytes | memoryview) -> None:
        """Take bytes of the client for a turn: some frames of it, and the rest in further turns of the event loop."""
        if self._kept is not None:
            # A transport may pass on what it had read before it paused.
            self._kept += data
            return
        if self._over:
            self._may_receive(len(data))
            return
        began = perf_counter()
        self._turn_frames = 0
        self._answers = []
        rest = self._take_turn(memoryview(data))
        if rest and not self.transport.is_closing():
            self._kept = bytes(rest)
            self._read_no_more(_TURN)
            self._loop.call_soon(self._take_rest)
        answers, self._answers = self._answers, None
        if answers:
            self._write(answers)
        if self.charge is not None:
            self.charge(perf_counter() - began + self._turn_frames * FRAME_WORK_S)

    def _take_turn(self, data: memoryview) -> memoryview:
        """Take what a turn has room for, and return the rest; there is none behind the end."""
        while data and self._turn_frames < MAX_TURN_FRAMES and not self._over:
            size = SLICE_BYTES + self._filter.payload_left
            self._take(data[:size])
            data = data[size:]
        return data[:0] if self._over else data

    def _take_rest(self) -> None:
        if self.ignored:
            return
        kept, self._kept = self._kept, None
        if kept is not None and not self.transport.is_closing():
            self.receive(kept)
            if self._kept is None:
                self._read_again(_TURN)

    def _take(self, data: memoryview) -> None:
        """Take a slice; the protocol object gets what is not payload in whole frames."""
        for piece in self._filter.split(data):
            if isinstance(piece, int):
                if self._input_left is not None and not self._may_receive(MIN_FRAME_BYTES + piece):
                    return
                if (owner := self._spend()) is not None:
                    owner.binary(piece)
            elif not self._may_receive(len(piece)) or self._ends_with(bytes(piece)):
                return

    def _may_receive(self, count: int) -> bool:
        """Return whether ``count`` more bytes may arrive; abort the connection if not."""
        if self._input_left is None:
            return True
        self._input_left -= count
        if self._input_left >= 0:
            return True
        self.abort()
        return False

    def _spend(self) -> Owner | None:
        """Charge a frame to the budget; return the owner, or None once flooding was reported."""
        self._turn_frames += 1
        if self.owner is None or self._budget.take(self._loop.time()):
            return self.owner
        self.owner.flooded()
        return None

    def _ends_with(self, data: bytes) -> bool:
        """Have the protocol object parse bytes, and pass on its frames; return whether all further ones are ignored."""
        protocol = self._protocol
        was_open = protocol.state is OPEN
        protocol.receive_data(data)
        outgoing = protocol.data_to_send()
        # A server ends its side behind the answer to a close frame, or behind the close frame of a failure.
        self._over = SEND_EOF in outgoing
        # Requests come only before a protocol object is OPEN.
        frames = cast("list[Frame]", protocol.events_received())
        self._clean = self._over and bool(frames) and frames[-1].opcode is Opcode.CLOSE
        self._answer(outgoing)
        for frame in frames:
            self._pass_on(frame)
        if self.owner is None:
            return self._over
        # A client that is ending already is not told of its failures.
        if self._over and not self._clean and was_open and self._input_left is None:
            code, problem = _failure(outgoing)
            if code == CloseCode.MESSAGE_TOO_BIG:
                self.owner.message_too_big(problem)
            else:
                self.owner.not_websocket(problem)
        if self.buffered > OVERFLOW_BYTES:
            self.owner.unread()
        return self._over

    def _pass_on(self, frame: Frame) -> None:
        owner = self._spend()
        if owner is None:
            return
        match frame.opcode:
            case Opcode.TEXT:
                self._text = bytearray()
                self._collect(frame)
            case Opcode.CONT if self._text is not None:
                self._collect(frame)
            case Opcode.BINARY | Opcode.CONT:
                owner.binary(len(frame.data))
            case Opcode.PONG:
                owner.pong(bytes(frame.data))
            case Opcode.CLOSE:
                socket_options.deliver_on_close(self.socket)
                owner.client_closing()
            case _:
                # A ping, which the protocol object has answered; it is no evidence.
                pass

    def _collect(self, frame: Frame) -> None:
        if self._text is None or self.owner is None:
            return
        # The rest of a long message is dropped, so that it can neither grow nor pass for payload.
        if len(self._text) <= MAX_TEXT_BYTES:
            self._text += frame.data
            if len(self._text) > MAX_TEXT_BYTES:
                self.owner.text_too_long()
        if frame.fin:
            text, self._text = bytes(self._text), None
            if len(text) <= MAX_TEXT_BYTES:
                self.owner.text(text)

    def _answer(self, parts: Sequence[bytes]) -> None:
        if self._answers is None:
            self._write(parts)
        else:
            self._answers += parts

    def _write(self, parts: Sequence[bytes]) -> None:
        if self.transport.is_closing():
            return
        if data := b"".join(parts):
            self.transport.write(data)
        if SEND_EOF not in parts:
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            # TLS has no end of one side alone.
            self.transport.close()

    def _read_no_more(self, reason: int) -> None:
        if not self._not_reading and not self.transport.is_closing():
            self.transport.pause_reading()
        self._not_reading |= reason

    def _read_again(self, reason: int) -> None:
        if not self._not_reading & reason:
            return
        self._not_reading &= ~reason
        if not self._not_reading and not self.transport.is_closing():
            self.transport.resume_reading()


def _failure(outgoing: Sequence[bytes]) -> tuple[int, str]:
    """Return code and reason of the close frame, which is the last one, at the end of ``outgoing``."""
    frame = outgoing[-2]
    return int.from_bytes(frame[2:4]), frame[4:].decode()
