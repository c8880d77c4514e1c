"""A client that does nothing by itself: no pong, no close and no reading unless a test says so."""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from tests.daemon import TIMEOUT_S, Daemon

_SO_ATTACH_FILTER = 26
_SO_DETACH_FILTER = 27
"""Of asm-generic/socket.h; the socket module does not have them."""

_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)
"""A classic BPF program of one instruction: return 0, keep no byte."""


class RawClient:
    """One session over a blocking socket; what the protocol object would answer stays unsent."""

    def __init__(
        self,
        daemon: Daemon,
        user_id: str,
        receive_buffer: int | None = None,
        behind_request: bytes = b"",
        *,
        answers_pings: bool = False,
    ) -> None:
        """``receive_buffer`` is the kernel's, in bytes; None leaves its size to the kernel.

        ``answers_pings`` is for a client that wants more payload than one gets without a proof.

        ``behind_request`` is sent together with the request, which a client must not do.
        """
        url = parse_uri(daemon.ws_url + user_id)
        plain = socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(TIMEOUT_S)
        plain.connect((url.host, url.port))
        self.socket = daemon.tls.wrap_socket(plain, server_hostname=url.host)
        self.protocol = ClientProtocol(url, max_size=None)
        self.arrivals: list[tuple[float, int]] = []
        """Monotonic time and payload bytes of each binary frame."""
        self.messages: list[dict[str, Any]] = []
        self.opcodes: Counter[Opcode] = Counter()
        self._answers_pings = answers_pings
        self.ended = False
        """Whether the server has ended the connection."""
        self.protocol.send_request(self.protocol.connect())
        self.flush(behind_request)
        self.read(lambda: self.protocol.state is OPEN)

    @property
    def session_id(self) -> str:
        """The daemon's id of the session."""
        self.read(lambda: self.messages)
        return str(self.messages[0]["session_id"])

    def flush(self, more: bytes = b"") -> None:
        """Sends what the protocol object has to send, and ``more``."""
        self.socket.sendall(b"".join(self.protocol.data_to_send()) + more)

    def send(self, *frames: Frame) -> None:
        """Sends frames as a client does, masked."""
        self.socket.sendall(b"".join(frame.serialize(mask=True) for frame in frames))

    def say(self, **message: object) -> None:
        """Sends a message."""
        self.send(Frame(Opcode.TEXT, msgspec.json.encode(message)))

    def read(self, until: Callable[[], object] = bool, seconds: float = TIMEOUT_S) -> None:
        """Reads until ``until()`` holds, the connection ends or the time is over; answers nothing."""
        deadline = time.monotonic() + seconds
        while not (self.ended or until()) and (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return
            except OSError:
                data = b""
            self._take(data)

    def pong(self, data: bytes = b"") -> None:
        """Sends a pong nobody asked for, or an answer to a ping's ``data``."""
        self.send(Frame(Opcode.PONG, data))

    def close(self) -> None:
        """Lets the socket go without a word."""
        self.socket.close()

    def reset(self) -> None:
        """Ends the connection by a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def cut(self) -> None:
        """From now on the client's kernel drops what comes in before TCP sees it, as if the line were cut."""
        instruction = ctypes.create_string_buffer(_DROP_ALL)
        program = struct.pack("HP", 1, ctypes.addressof(instruction))
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def mend(self) -> None:
        """The line is there again."""
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)

    def _take(self, data: bytes) -> None:
        if not data:
            self.ended = True
            return
        self.protocol.receive_data(data)
        # Dropped: pongs and the answer to a close frame.
        self.protocol.data_to_send()
        for event in self.protocol.events_received():
            if isinstance(event, Response):
                continue
            if not isinstance(event, Frame):
                raise TypeError(event)
            self.opcodes[event.opcode] += 1
            if event.opcode is Opcode.PING and self._answers_pings:
                self.pong(bytes(event.data))
            elif event.opcode is Opcode.BINARY:
                self.arrivals.append((time.monotonic(), len(event.data)))
            elif event.opcode is Opcode.TEXT:
                self.messages.append(msgspec.json.decode(event.data))
