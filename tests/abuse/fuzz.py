"""Feeds the parsers with whatever atheris finds, until Ctrl-C: ``make fuzz``.

Options are libFuzzer's, such as ``-max_total_time=60``. What it finds ends it with a traceback, and is written to a
file that can be given as an argument.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["householdd.session", "householdd.worker", "websockets"]):
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    from householdd.clients.origins import Origins
    from householdd.clients.trusted_proxies import TrustedProxies
    from householdd.http.headers import path_of
    from householdd.session.dialogue import Dialogue
    from householdd.worker.payload_filter import MAX_MESSAGE_BYTES
    from householdd.worker.request_target import SESSION_PATH, TargetError, session_target
    from tests.worker.filter_inputs import alone, filtered

from tests.session.samples import PROFILES, START, WALL, active, spoken


def text_messages(data: bytes) -> None:
    """The text messages of a session, one on each line."""
    session = active()
    dialogue = Dialogue(session)
    for line in data.splitlines():
        spoken(dialogue.text(line, START, WALL))
    assert session.download.shape.peak_bps <= PROFILES.by_key["alex"].download.shape().peak_bps


def targets(data: bytes) -> None:
    """A request line's target."""
    text = data.decode("ascii", errors="ignore")
    path_of(text)
    with contextlib.suppress(TargetError):
        session_target(SESSION_PATH + text, PROFILES)


def headers(data: bytes) -> None:
    """What the gateway reads of headers."""
    text = data.decode("latin-1")
    Origins(["https://isp.example"]).denies(text, "localhost")
    TrustedProxies().client("192.0.2.1", text.split(","))


def requests(data: bytes) -> None:
    """The bytes of a request, and of frames behind it."""
    protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES)
    protocol.receive_data(data)
    protocol.events_received()


def frames(data: bytes) -> None:
    """The bytes of frames."""
    protocol = ServerProtocol(state=State.OPEN, max_size=MAX_MESSAGE_BYTES)
    protocol.receive_data(data)
    protocol.events_received()


def uploads(data: bytes) -> None:
    """The same in two reads, the first as long as the first byte says, without payload."""
    # A payload filter waits for the whole head of a frame, and the library may find fault with its first two bytes.
    pieces = [data[1 : data[0] + 1], data[data[0] + 1 :], bytes(14)] if data else []
    assert filtered(pieces)[:2] == alone(pieces)


TARGETS: tuple[Callable[[bytes], None], ...] = (text_messages, targets, headers, requests, frames, uploads)


def one(data: bytes) -> None:
    """The first byte says which parser gets the rest."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
