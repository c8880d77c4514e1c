"""Commands of a session to its driver: the results of every event."""

from __future__ import annotations

import msgspec

from householdd.measure.run_report import ClientRunReport
from householdd.session.close_reason import CloseReason
from householdd.session.messages import ServerMessage


class Send(msgspec.Struct, frozen=True):
    """Send a text message. Messages and the ping of one list go out in one write."""

    message: ServerMessage


class Ping(msgspec.Struct, frozen=True):
    """Send a WebSocket ping frame ahead of the messages of the same list."""

    data: bytes
    """Payload that the pong echoes; unique in the session."""


class Close(msgspec.Struct, frozen=True):
    """End the session; the last command of a list."""

    reason: CloseReason
    detail: str = ""
    """Text for the client and the operator beside the reason's own; may be empty."""


class StoreReport(msgspec.Struct, frozen=True):
    """Hand the run report to the history, and later send its answer."""

    report: ClientRunReport


Command = Send | Ping | Close | StoreReport
