"""States, evidence and verdicts of a session, in the words of the control API, logs and metrics.

Members have the names of the enum values in ``protos/household/v1/session.proto``, without their prefix.
"""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """State of a session: HANDSHAKE -> ACTIVE <-> QUIET -> CLOSING -> CLOSED."""

    HANDSHAKE = "handshake"
    ACTIVE = "active"
    QUIET = "quiet"
    CLOSING = "closing"
    CLOSED = "closed"


class EvidenceKind(StrEnum):
    """Something received that proves a live client. Nothing that is sent is evidence."""

    HANDSHAKE = "handshake"
    PONG = "pong"
    MESSAGE = "message"
    ACK = "ack"


class Verdict(StrEnum):
    """What the evidence says of the client now."""

    LIVE = "live"
    """The client answers."""
    FROZEN = "frozen"
    """The client's kernel acknowledges, but nothing answers: a frozen tab, a stopped process, a shut window."""
    SILENT = "silent"
    """Nothing arrives from the client, not even acknowledgements."""
