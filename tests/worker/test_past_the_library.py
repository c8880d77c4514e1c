"""What is written past the library's protocol object: the same bytes as through it, and nothing it would have noted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from householdd.worker import payload
from householdd.worker.frames import head

SENDS: dict[Opcode, Callable[[ServerProtocol, bytes], None]] = {
    Opcode.TEXT: ServerProtocol.send_text,
    Opcode.BINARY: ServerProtocol.send_binary,
    Opcode.PING: ServerProtocol.send_ping,
}


def opened() -> ServerProtocol:
    protocol = ServerProtocol()
    protocol.state = OPEN
    return protocol


@pytest.mark.parametrize("size", [0, 8, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("opcode", SENDS)
def test_a_head_and_its_data_are_the_frame_that_the_library_sends(opcode: Opcode, size: int) -> None:
    size = min(size, 125) if opcode is Opcode.PING else size
    protocol = opened()
    SENDS[opcode](protocol, bytes(size))
    assert b"".join(protocol.data_to_send()) == head(opcode, size) + bytes(size)


def test_payload_is_what_the_library_sends() -> None:
    protocol = opened()
    (part,) = payload.frames(1000)
    protocol.send_binary(bytes(part)[4:])
    assert b"".join(protocol.data_to_send()) == part


@pytest.mark.parametrize("opcode", SENDS)
def test_the_library_keeps_no_state_for_a_whole_message(opcode: Opcode) -> None:
    protocol = opened()
    before = dict(vars(protocol))
    SENDS[opcode](protocol, b"abc")
    protocol.data_to_send()
    # What it was to write was taken, and all else is as it was: the same objects, and no event.
    assert protocol.writes == []
    assert protocol.events == []
    assert [name for name, value in vars(protocol).items() if value is not before[name]] == ["writes"]
