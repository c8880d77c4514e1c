"""What the library makes of a client's stream, alone and behind the payload filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from householdd.worker.payload_filter import MAX_MESSAGE_BYTES, PayloadFilter


def opened() -> ServerProtocol:
    return ServerProtocol(state=OPEN, max_size=MAX_MESSAGE_BYTES)


def shown(protocol: ServerProtocol) -> Iterator[tuple[object, ...]]:
    """What the library made of it; of a whole binary message only its size."""
    for event in protocol.events_received():
        assert isinstance(event, Frame)
        if event.opcode is Opcode.BINARY and event.fin:
            yield "payload", len(event.data)
        else:
            yield event.opcode, event.fin, bytes(event.data)


def alone(pieces: Iterable[bytes]) -> tuple[list[tuple[object, ...]], str]:
    """What the library makes of it all, and what it finds wrong."""
    protocol = opened()
    for piece in pieces:
        protocol.receive_data(piece)
    return list(shown(protocol)), str(protocol.parser_exc)


def filtered(pieces: Iterable[bytes]) -> tuple[list[tuple[object, ...]], str, int]:
    """The same behind the payload filter, and how many bytes the library got."""
    protocol, payload_filter = opened(), PayloadFilter()
    found: list[tuple[object, ...]] = []
    seen = 0
    for piece in pieces:
        for part in payload_filter.split(memoryview(piece)):
            if isinstance(part, int):
                if protocol.parser_exc is None and protocol.close_rcvd is None:
                    found.append(("payload", part))
                continue
            seen += len(part)
            protocol.receive_data(bytes(part))
            found += shown(protocol)
    return found, str(protocol.parser_exc), seen
